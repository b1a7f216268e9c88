/** Two commands on one machine at the same time. */
import assert from "node:assert/strict";
import { cocoonOk, type CocoonResult, runCocoon } from "../support/cocoon.ts";
import { haltingBoot } from "../support/halting_kernel.ts";
import {
  assertNothingLeft,
  hypervisors,
  inspect,
  list,
  only,
  supervisors,
} from "../support/machines.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

/** Runs commands side by side. */
function together(home: TempHome, ...commands: string[][]): Promise<CocoonResult[]> {
  return Promise.all(commands.map((args) => runCocoon(home, args)));
}

const codes = (results: readonly CocoonResult[]) => results.map(({ code }) => code);

/** Calls `body` with a home that has a machine `web`, and expects it to be left empty. */
async function withMachine(
  body: (home: TempHome, create: string[]) => Promise<void>,
): Promise<void> {
  await using home = await tempHome();
  await cocoonOk(home, ["vm", "list"]);
  const create = ["vm", "create", "--name", "web", ...await haltingBoot(`${home.path}/cache`)];
  await cocoonOk(home, create);
  await body(home, create);
  await assertNothingLeft(home);
}

Deno.test("create and create of one name make one machine", () =>
  withMachine(async (home, create) => {
    await cocoonOk(home, ["vm", "rm", "web"]);
    const results = await together(home, create, create, create, create);
    assert.deepEqual(codes(results).sort(), [0, 4, 4, 4]);
    for (const { code, stderr } of results) {
      if (code === 4) assert.match(stderr, /^cocoon: machine "web" exists already\nhint: /);
    }
    const [machine, ...others] = await list(home);
    assert.deepEqual(others, []);
    assert.equal(machine?.state, "created");
    await cocoonOk(home, ["vm", "rm", "web"]);
  }));

Deno.test("start and start make one hypervisor, and both succeed", () =>
  withMachine(async (home) => {
    const start = ["vm", "start", "web"];
    assert.deepEqual(codes(await together(home, start, start, start)), [0, 0, 0]);
    only(hypervisors(home));
    only(supervisors(home));
    await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  }));

Deno.test("start and rm: whichever comes first decides, and the other says so", () =>
  withMachine(async (home, create) => {
    for (let round = 0; round < 4; round++) {
      const commands = [["vm", "start", "web"], ["vm", "rm", "web"]];
      if (round % 2 === 1) commands.reverse();
      const results = await together(home, ...commands);
      if (round % 2 === 1) results.reverse();
      const [start, rm] = results;
      if (start?.code === 0) {
        assert.equal(rm?.code, 4);
        assert.match(rm?.stderr ?? "", /machine "web" is (starting|running)/);
        assert.equal((await inspect(home, "web")).state, "running");
        await cocoonOk(home, ["vm", "rm", "--force", "web"]);
      } else {
        assert.deepEqual([start?.code, rm?.code], [3, 0]);
        assert.match(start?.stderr ?? "", /machine "web" (was removed|does not exist)/);
      }
      assert.deepEqual(hypervisors(home), []);
      await cocoonOk(home, create);
    }
    await cocoonOk(home, ["vm", "rm", "web"]);
  }));

Deno.test("rm --force beats a start and a stop, and rm succeeds once", () =>
  withMachine(async (home, create) => {
    const rm = ["vm", "rm", "--force", "web"];
    for (const other of ["start", "stop", "rm"]) {
      const command = other === "rm" ? rm : ["vm", other, "web"];
      const results = await together(home, command, rm);
      assert.equal(results[other === "rm" ? codes(results).indexOf(0) : 1]?.code, 0);
      for (const { code, stderr } of results) assert.ok([0, 3].includes(code), stderr);
      assert.deepEqual(await list(home), []);
      assert.deepEqual(hypervisors(home), []);
      await cocoonOk(home, create);
    }
    await cocoonOk(home, rm);
  }));

Deno.test("stop and start end with a machine that runs, or with one that is off", () =>
  withMachine(async (home) => {
    await cocoonOk(home, ["vm", "start", "web"]);
    for (let round = 0; round < 3; round++) {
      const results = await together(home, ["vm", "stop", "--force", "web"], [
        "vm",
        "start",
        "web",
      ]);
      assert.deepEqual(codes(results), [0, 0], results.map(({ stderr }) => stderr).join("\n"));
      const { state } = await inspect(home, "web");
      assert.ok(state === "running" || state === "stopped", state);
      assert.equal(hypervisors(home).length, state === "running" ? 1 : 0);
      await cocoonOk(home, ["vm", "start", "web"]);
      only(hypervisors(home));
    }
    await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  }));

Deno.test("gc beside creates and removals takes nothing that is in use", () =>
  withMachine(async (home, create) => {
    const others = ["a", "b", "c"].map((name) => create.with(3, name));
    const gc = ["gc"];
    const results = await together(home, ...others, gc, gc, gc);
    assert.deepEqual(codes(results), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual((await list(home)).map(({ name }) => name).sort(), ["a", "b", "c", "web"]);
    await cocoonOk(home, ["vm", "start", "a", "b", "c"]);
    const removed = await together(home, ["vm", "rm", "-f", "a", "b", "c", "web"], gc, gc);
    assert.deepEqual(codes(removed), [0, 0, 0], removed.map(({ stderr }) => stderr).join("\n"));
  }));
