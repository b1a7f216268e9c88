import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import { assertNothingLeft, inspect, ssh, sshPortOf, WAIT_SSH } from "../support/machines.ts";
import { giveOwnSshPorts } from "../support/ports.ts";
import { tempHome } from "../support/temp_home.ts";

Deno.test("a machine from a disk image boots by EFI and keeps disk, MAC, port and host key", async () => {
  await using home = await tempHome();
  await giveOwnSshPorts(home);
  const { qcow2Path } = await smallGuest();
  const flags = ["--memory", "256M", "--cpus", "1", "--disk", "128M"];
  // No --name: it is made from the file's.
  const { stdout } = await cocoonOk(home, ["run", qcow2Path, ...flags, ...WAIT_SSH]);
  assert.equal(stdout, "small\n");
  const first = await inspect(home, "small");
  assert.match(first.imageDigest ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.equal(
    await ssh(
      home,
      "small",
      "test -d /sys/firmware/efi && cat /sys/block/vda/size && " +
        "echo kept | sudo tee /state/file && sudo sync",
    ),
    `${128 * 2048}\nkept\n`,
  );

  await cocoonOk(home, ["vm", "stop", "small", "--timeout", "60s"]);
  // The default time is for people's machines; a loaded one may take longer.
  await cocoonOk(home, ["vm", "start", "small", ...WAIT_SSH]);
  const second = await inspect(home, "small");
  assert.equal(sshPortOf(second), sshPortOf(first));
  assert.deepEqual(second.nics, first.nics);
  assert.equal(second.hostKey, first.hostKey);
  // The guest answers with that key: ssh itself verifies it.
  assert.equal(await ssh(home, "small", "cat /state/file /state/boots"), "kept\n2\n");

  await cocoonOk(home, ["vm", "rm", "--force", "small"]);
  await assertNothingLeft(home);
  await cocoonOk(home, ["gc"]);
  await cocoonOk(home, ["image", "list"]);
});
