import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  kill9,
  only,
  ssh,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

/** Hangs in the first boot, but not in the second; and notes each time that it was done. */
const USER_DATA = `#cloud-config
runcmd:
  - |
    if [ ! -e /state/began ]; then
      touch /state/began; sync
      echo first-boot-began >/dev/ttyS0
      sleep 600
    fi
  - [sh, -c, 'echo "done $1" >>/state/runs', sh, "a  b"]
`;

Deno.test("a machine killed in its first boot does it again, and then never more", async () => {
  await using home = await tempHome();
  const guest = await smallGuest();
  const userData = `${home.path}/config.toml.user-data`;
  await Deno.writeTextFile(userData, USER_DATA);
  await cocoonOk(home, [
    ...["run", "--name", "web", guest.rawPath, ...directBoot(guest)],
    ...["--user-data", userData, "--user", "alice"],
  ]);
  // What it needs was copied.
  await Deno.remove(userData);
  await waitFor("the first boot's command", async () => {
    return (await cocoonOk(home, ["vm", "logs", "web"])).stdout.includes("first-boot-began");
  }, { timeoutMs: 120_000, intervalMs: 250 });
  await kill9(only(hypervisors(home)));
  const killed = await waitForMachine(home, "web", "the end", ({ state }) => state === "error");
  assert.equal(killed.lastError, "the hypervisor was ended by SIGKILL");
  assert.deepEqual({ ...killed.exit, at: undefined }, {
    code: null,
    signal: "SIGKILL",
    at: undefined,
  });

  await cocoonOk(home, ["vm", "start", "web", ...WAIT_SSH]);
  // Ours and theirs: the account is from --user, the command from --user-data.
  const once = "alice\n2\ndone a  b\n";
  const look = "id -un; cat /state/boots /state/runs";
  await waitFor("the command's second try", async () => {
    return await ssh(home, "web", look) === once;
  });
  await cocoonOk(home, ["vm", "restart", "web", ...WAIT_SSH]);
  assert.equal(await ssh(home, "web", look), once.replace("2", "3"));

  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await assertNothingLeft(home);
});
