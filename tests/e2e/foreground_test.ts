import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk, runCocoon, type RunningCocoon, spawnCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  BOOT_TIMEOUT_MS,
  directBoot,
  hypervisors,
  inspect,
  kill9,
  only,
  ssh,
  supervisors,
  waitForMachine,
} from "../support/machines.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

/** Starts `cocoon ARGS` and waits until the guest, whose console it prints, is up. */
async function untilReady(home: TempHome, args: string[]): Promise<RunningCocoon> {
  const command = spawnCocoon(home, args, { timeoutMs: 2 * BOOT_TIMEOUT_MS });
  await waitFor("the guest on standard output", () => {
    const { stdout, stderr } = command.output();
    if (!stdout.includes("small: ready up")) throw new Error(`${stdout}\n${stderr}`);
    return true;
  }, { timeoutMs: BOOT_TIMEOUT_MS });
  return command;
}

Deno.test("run --foreground stays, prints the console, and SIGTERM shuts the guest down", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  const command = await untilReady(home, ["run", "--foreground", "--name", "web", ...boot]);
  // The command itself stays with the machine: there is no other supervisor.
  assert.deepEqual(supervisors(home), []);
  assert.equal(await ssh(home, "web", "hostname"), "web\n");
  const second = await runCocoon(home, ["vm", "start", "--foreground", "web"]);
  assert.equal(second.code, 4);
  assert.match(second.stderr, /machine "web" runs already\nhint: .*cocoon vm console web/);

  command.kill("SIGTERM");
  const { code, stdout, stderr } = await command.result;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /reboot: Power down/);
  assert.equal(stderr, 'cocoon: shutting "web" down\n');
  const machine = await inspect(home, "web");
  assert.equal(machine.state, "stopped");
  assert.equal(machine.exit?.code, 0);

  await cocoonOk(home, ["vm", "rm", "web"]);
  await assertNothingLeft(home);
});

Deno.test("start --foreground fails when the hypervisor is killed, and may be killed itself", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["vm", "create", "--name", "web", ...boot]);
  const start = () => spawnCocoon(home, ["vm", "start", "--foreground", "web"]);
  const isRunning = ({ state }: { state: string }) => state === "running";

  const first = start();
  await waitForMachine(home, "web", "the start", isRunning);
  await kill9(only(hypervisors(home)));
  assert.equal((await first.result).code, 1);
  assert.equal((await inspect(home, "web")).lastError, "the hypervisor was ended by SIGKILL");

  const second = start();
  await waitForMachine(home, "web", "the second start", isRunning);
  const hypervisor = only(hypervisors(home));
  second.kill("SIGKILL");
  await second.result;
  // The machine goes on, and the next command gives it a supervisor.
  assert.equal((await inspect(home, "web")).state, "running");
  assert.equal(only(hypervisors(home)), hypervisor);
  only(supervisors(home));
  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await assertNothingLeft(home);
});
