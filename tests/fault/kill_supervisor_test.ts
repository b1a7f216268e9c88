/** SIGKILL of the supervisor, and of the hypervisor, while a machine runs, starts and stops. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk, runCocoon, spawnCocoon } from "../support/cocoon.ts";
import { haltingBoot } from "../support/halting_kernel.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  kill9,
  list,
  type MachineJson,
  only,
  remains,
  ssh,
  supervisors,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { killProcess } from "../support/processes.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

import { killEverywhere } from "./kill_everywhere.ts";

/** A home with a machine `web` that was created with these flags and starts at once. */
async function homeWithMachine(...flags: string[]): Promise<TempHome> {
  const home = await tempHome();
  await cocoonOk(home, ["vm", "list"]);
  const boot = await haltingBoot(`${home.path}/cache`);
  await cocoonOk(home, ["vm", "create", "--name", "web", ...boot, ...flags]);
  return home;
}

async function removeAll(home: TempHome): Promise<void> {
  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await cocoonOk(home, ["gc"]);
  await assertNothingLeft(home);
}

Deno.test("a machine whose supervisor was killed goes on, and each verb adopts it", async () => {
  await using home = await homeWithMachine();
  await cocoonOk(home, ["vm", "start", "web"]);
  const hypervisor = only(hypervisors(home));
  const started = await inspect(home, "web");
  for (
    const verb of [
      ["vm", "list"],
      ["vm", "inspect", "web"],
      ["vm", "pause", "web"],
      ["vm", "resume", "web"],
      ["vm", "start", "web"],
    ]
  ) {
    await kill9(only(supervisors(home)));
    await cocoonOk(home, verb);
    assert.equal(only(hypervisors(home)), hypervisor, verb.join(" "));
    // A killed process may hold its lock for some more moments; then the next command adopts.
    await waitFor("its supervisor", async () => {
      if (supervisors(home).length === 0) await cocoonOk(home, ["vm", "list"]);
      return supervisors(home)[0];
    });
  }
  const adopted = await inspect(home, "web");
  assert.deepEqual({ ...adopted, supervisor: null }, { ...started, supervisor: null });
  // Adopted, the machine's end is seen as well, but not its status.
  await kill9(hypervisor);
  const ended = await waitForMachine(home, "web", "the end", ({ state }) => state === "error");
  assert.match(ended.lastError ?? "", /ended, and its exit status could not be seen/);
  assert.deepEqual([ended.stale, ended.exit?.code], [false, null]);
  assert.match((await cocoonOk(home, ["vm", "inspect", "web"])).stdout, /^ssh +-$/m);
  await removeAll(home);
});

Deno.test("many commands at once give a machine one new supervisor", async () => {
  await using home = await homeWithMachine();
  await cocoonOk(home, ["vm", "start", "web"]);
  const hypervisor = only(hypervisors(home));
  await kill9(only(supervisors(home)));
  await Promise.all(Array.from({ length: 4 }, () => cocoonOk(home, ["vm", "list"])));
  await waitFor("one supervisor", () => supervisors(home).length === 1);
  assert.equal(only(hypervisors(home)), hypervisor);
  await removeAll(home);
});

Deno.test("a machine that died with its supervisor is found out by the next command", async () => {
  await using home = await homeWithMachine();
  await cocoonOk(home, ["vm", "start", "web"]);
  await kill9(only(supervisors(home)));
  await kill9(only(hypervisors(home)));
  const [machine] = await list(home);
  assert.equal(machine?.state, "stopped");
  assert.equal(machine?.stale, true);
  assert.equal(machine?.pid, null);
  const table = await cocoonOk(home, ["vm", "list"]);
  assert.match(table.stdout, /^web +stopped \(stale\) /m);
  assert.deepEqual(remains(home).filter((path) => path.endsWith(".sock")), []);
  await cocoonOk(home, ["vm", "start", "web"]);
  assert.equal((await inspect(home, "web")).stale, false);
  await removeAll(home);
});

/** Numbers from 0 to 1 that are the same in every run (Lehmer's generator). */
function* sequence(seed: number): Generator<number> {
  for (let state = seed;;) {
    state = state * 48271 % 0x7fffffff;
    yield state / 0x7fffffff;
  }
}

Deno.test("a start whose supervisor or hypervisor is killed at any time can be repeated", async () => {
  await using home = await homeWithMachine();
  const random = sequence(42);
  const began = performance.now();
  await cocoonOk(home, ["vm", "start", "web"]);
  const startMs = performance.now() - began;
  await cocoonOk(home, ["vm", "stop", "--force", "web"]);
  for (let round = 0; round < 8; round++) {
    const victims = round % 2 === 0 ? supervisors : hypervisors;
    const delayMs = Number(random.next().value) * startMs;
    const start = spawnCocoon(home, ["vm", "start", "web"]);
    // The delay is the input of this test, not a way to wait for something.
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await waitFor("a victim, or the end of the start", async () => {
      const pids = victims(home);
      for (const pid of pids) killProcess(pid);
      const over = await Promise.race([start.result.then(() => true), Promise.resolve(false)]);
      return pids.length > 0 || over;
    }, { intervalMs: 2 });
    const { code, stderr } = await start.result;
    // Killed in time it says so; killed after its last word it had succeeded.
    if (code !== 0) assert.match(stderr, /^cocoon: machine "web": /, `${round}: ${stderr}`);
    await cocoonOk(home, ["vm", "list"]);
    await cocoonOk(home, ["vm", "start", "web"]);
    assert.equal((await inspect(home, "web")).state, "running");
    only(hypervisors(home));
    only(supervisors(home));
    await cocoonOk(home, ["vm", "stop", "--force", "web"]);
  }
  await removeAll(home);
});

Deno.test("a supervisor can be killed anywhere while it cleans up", async () => {
  const { points } = await killEverywhere({
    async prepare(home, boot) {
      await cocoonOk(home, ["vm", "create", "--name", "web", ...boot]);
    },
    // In the foreground it is the same code, and strace can follow it from its begin.
    verb: () => ["vm", "start", "--foreground", "web"],
    async meanwhile(home, hasEnded) {
      // `error`: the call that was counted was one of the hypervisor's, and the kill hit that. A
      // start that has ended was killed in itself: it does not always make the same calls.
      const decided = ({ state }: MachineJson) =>
        state === "running" || state === "error" || (hasEnded() && state !== "starting");
      const { state } = await waitForMachine(home, "web", "the start", decided);
      if (state === "running") await cocoonOk(home, ["vm", "stop", "--force", "web"]);
    },
    // The last thing that a start makes.
    after: "console.sock",
    async repeat(home, found) {
      // Of one that never ran there is no clean-up.
      const ran = found?.startedAt !== null;
      assert.match(found?.state ?? "", ran ? /^(stopped|error)$/ : /^(stopped|error|created)$/);
      if (ran) assert.equal(found?.stale, false);
      assert.deepEqual(remains(home).filter((path) => path.endsWith(".sock")), []);
      await cocoonOk(home, ["vm", "start", "web"]);
      assert.equal((await inspect(home, "web")).state, "running");
    },
    everyWrite: 6,
  });
  assert.ok(points >= 4, `only ${points} moments were found`);
});

Deno.test("a hypervisor that is killed is told from one that was stopped", async () => {
  await using home = await homeWithMachine();
  await cocoonOk(home, ["vm", "start", "web"]);
  await kill9(only(hypervisors(home)));
  const crashed = await waitForMachine(home, "web", "the end", ({ state }) => state === "error");
  assert.equal(crashed.lastError, "the hypervisor was ended by SIGKILL");
  assert.equal(crashed.exit?.signal, "SIGKILL");
  const waited = await runCocoon(home, ["vm", "wait", "--for", "running", "web"]);
  assert.equal(waited.code, 1);
  assert.match(waited.stderr, /is in state error \(the hypervisor was ended by SIGKILL\)/);

  // While it is being stopped, its end is what was asked for.
  await cocoonOk(home, ["vm", "start", "web"]);
  const stop = spawnCocoon(home, ["vm", "stop", "--timeout", "60s", "web"]);
  await waitForMachine(home, "web", "the stop", ({ state }) => state === "stopping");
  await kill9(only(hypervisors(home)));
  assert.equal((await stop.result).code, 0);
  const stopped = await inspect(home, "web");
  assert.equal(stopped.state, "stopped");
  assert.equal(stopped.lastError, null);
  await removeAll(home);
});

Deno.test("a guest goes on shutting down when stop and supervisor are killed", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["run", "--name", "web", ...boot, ...WAIT_SSH]);
  // This guest is off in a moment; one that takes its time can be disturbed.
  const slowly = "1a echo asked-to-stop >/dev/ttyS0; sleep 2";
  await ssh(home, "web", `sudo sed -i '${slowly}' /usr/lib/small/stop`);
  const stop = spawnCocoon(home, ["vm", "stop", "--timeout", "60s", "web"]);
  await waitFor("the power button", async () => {
    return (await cocoonOk(home, ["vm", "logs", "web"])).stdout.includes("asked-to-stop");
  });
  assert.equal((await inspect(home, "web")).state, "stopping");
  stop.kill("SIGKILL");
  for (const pid of supervisors(home)) killProcess(pid);
  await stop.result;
  // A look at it adopts it, and does not cut the guest off.
  const off = await waitForMachine(home, "web", "its end", ({ state }) => state === "stopped");
  assert.equal(off.desired, "stopped");
  assert.match((await cocoonOk(home, ["vm", "logs", "web"])).stdout, /reboot: Power down/);
  assert.equal(off.stale, false);
  await cocoonOk(home, ["vm", "start", "web"]);
  assert.equal((await inspect(home, "web")).state, "running");
  await removeAll(home);
});
