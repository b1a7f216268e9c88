import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  kill9,
  only,
  ssh,
  supervisors,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

Deno.test("--restart on-failure starts a killed machine again, and not one that shut down", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["run", "--name", "web", "--restart", "on-failure", ...boot]);

  for (const restarts of [1, 2]) {
    const killed = only(hypervisors(home));
    const killedAt = performance.now();
    await kill9(killed);
    await waitForMachine(home, "web", `restart ${restarts}`, (now) => {
      return now.state === "running" && now.restarts === restarts;
    });
    // The pauses are doubled: 1 s, then 2 s.
    assert.ok(performance.now() - killedAt >= 1000 * 2 ** (restarts - 1));
    assert.notEqual(only(hypervisors(home)), killed);
  }

  // The third pause is 4 s: long enough to stop it there.
  await kill9(only(hypervisors(home)));
  const pausing = await waitForMachine(home, "web", "the pause", ({ state }) => state === "error");
  assert.equal(pausing.desired, "running");
  await cocoonOk(home, ["vm", "stop", "web"]);
  assert.deepEqual([...hypervisors(home), ...supervisors(home)], []);
  const stopped = await inspect(home, "web");
  assert.equal(stopped.desired, "stopped");
  assert.equal(stopped.restarts, 2);

  await cocoonOk(home, ["vm", "start", "web", ...WAIT_SSH]);
  assert.equal((await inspect(home, "web")).restarts, 0);
  await ssh(home, "web", "sudo poweroff");
  const off = await waitForMachine(home, "web", "power off", ({ state }) => state === "stopped");
  assert.equal(off.exit?.code, 0);
  await waitFor("the supervisor's end", () => supervisors(home).length === 0);
  await cocoonOk(home, ["vm", "rm", "web"]);
  await assertNothingLeft(home);
});

Deno.test("--restart always starts a machine again that shut itself down, until stop or rm", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["run", "--name", "web", "--restart", "always", ...boot, ...WAIT_SSH]);
  await ssh(home, "web", "sudo poweroff");
  await waitForMachine(home, "web", "the restart", ({ state, restarts }) => {
    return state === "running" && restarts === 1;
  });

  // A start during the pause does not wait for its end.
  await kill9(only(hypervisors(home)));
  await waitForMachine(home, "web", "the pause", ({ state }) => state === "error");
  await cocoonOk(home, ["vm", "start", "web"]);
  const started = await inspect(home, "web");
  assert.equal(started.state, "running");
  assert.equal(started.restarts, 0);
  only(hypervisors(home));

  // Neither does a removal, and nothing comes back after it.
  await kill9(only(hypervisors(home)));
  await waitForMachine(home, "web", "the second pause", ({ state }) => state === "error");
  await cocoonOk(home, ["vm", "rm", "web"]);
  await assertNothingLeft(home);
});
