import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  list,
  ssh,
  sshPortOf,
  WAIT_SSH,
} from "../support/machines.ts";
import { giveOwnSshPorts, isPortFree } from "../support/ports.ts";
import { tempHome } from "../support/temp_home.ts";

const COUNT = 8;

Deno.test("eight machines made and started at once all reach SSH, and go at once", async () => {
  await using home = await tempHome();
  await giveOwnSshPorts(home);
  const boot = directBoot(await smallGuest());
  const names = Array.from({ length: COUNT }, (_, index) => `m${index + 1}`);

  // As eight commands: each makes its own machine, none knows of the others.
  const runs = names.map((name) => cocoonOk(home, ["run", "--name", name, ...boot, ...WAIT_SSH]));
  const outcomes = await Promise.allSettled(runs);
  assert.deepEqual(outcomes.filter(({ status }) => status === "rejected"), []);

  const machines = await list(home);
  assert.deepEqual(machines.map(({ name }) => name).sort(), names);
  assert.ok(machines.every(({ state }) => state === "running"));
  const ports = machines.map(sshPortOf);
  assert.equal(new Set(ports).size, COUNT);
  assert.equal(new Set(machines.flatMap(({ nics }) => nics.map(({ mac }) => mac))).size, COUNT);
  assert.equal(new Set(machines.map(({ hostKey }) => hostKey)).size, COUNT);
  assert.equal(hypervisors(home).length, COUNT);
  // Each port leads to its own machine.
  const hostnames = await Promise.all(names.map((name) => ssh(home, name, "hostname")));
  assert.deepEqual(hostnames, names.map((name) => `${name}\n`));

  // Half by one command, half by one command each.
  const batch = names.slice(0, COUNT / 2);
  const single = names.slice(COUNT / 2);
  const [together] = await Promise.all([
    cocoonOk(home, ["vm", "rm", "--force", ...batch]),
    ...single.map((name) => cocoonOk(home, ["vm", "rm", "--force", name])),
  ]);
  assert.deepEqual(together.stdout.trim().split("\n").sort(), batch);
  await assertNothingLeft(home);
  for (const port of ports) assert.ok(isPortFree(port), `port ${port} is still in use`);
});
