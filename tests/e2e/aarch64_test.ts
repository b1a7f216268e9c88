import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import { assertNothingLeft, directBoot, ssh, WAIT_SSH } from "../support/machines.ts";
import { tempHome } from "../support/temp_home.ts";

Deno.test("a machine of aarch64 boots, is logged in to, and shuts down", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest("aarch64"));
  await cocoonOk(home, ["run", "--name", "arm", "--architecture", "aarch64", ...boot, ...WAIT_SSH]);
  assert.equal(await ssh(home, "arm", "uname -m"), "aarch64\n");
  const stopped = await cocoonOk(home, ["vm", "stop", "arm", "--timeout", "60s"]);
  assert.equal(stopped.stderr, "");
  await cocoonOk(home, ["vm", "rm", "arm"]);
  await assertNothingLeft(home);
});
