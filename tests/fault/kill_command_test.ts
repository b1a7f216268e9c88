/** SIGKILL of a command, and of what it starts, before each change that it makes to the home. */
import assert from "node:assert/strict";
import { cocoonOk, runCocoon } from "../support/cocoon.ts";
import { hypervisors, inspect, list, only, supervisors } from "../support/machines.ts";
import type { TempHome } from "../support/temp_home.ts";
import { killEverywhere } from "./kill_everywhere.ts";

const create = (boot: string[]) => [
  ...["vm", "create", "--name", "web", "--data-disk", "1M", ...boot],
];

async function assertRuns(home: TempHome): Promise<void> {
  assert.equal((await inspect(home, "web")).state, "running");
  only(hypervisors(home));
  only(supervisors(home));
}

Deno.test("vm create can be killed anywhere and repeated", async () => {
  const { points, killed } = await killEverywhere({
    verb: create,
    fresh: true,
    async repeat(home, found, boot) {
      const again = await runCocoon(home, create(boot));
      // Killed after its last word to the store: it is made.
      if (found?.state === "created") assert.equal(again.code, 4, again.stderr);
      else assert.equal(again.code, 0, again.stderr);
      const [machine] = await list(home);
      assert.equal(machine?.state, "created");
      for (const { path } of machine?.disks ?? []) assert.ok((await Deno.stat(path)).isFile);
    },
    everyWrite: 6,
  });
  assert.ok(points >= 30, `only ${points} moments were found`);
  // Not at all of them: which thread makes a call, and so its number there, is not always the same.
  assert.ok(killed >= points / 2, `${killed} of ${points} were killed`);
});

Deno.test("vm create from an image can be killed anywhere and repeated", async () => {
  const verb = () => ["vm", "create", "--name", "web", "--storage", "copy", "--disk", "2M", "disk"];
  const content = new Uint8Array(1024 * 1024).fill(7);
  await killEverywhere({
    async prepare(home) {
      if ((await cocoonOk(home, ["image", "list", "-o", "json"])).stdout !== "[]\n") return;
      const path = `${home.path}/cache/disk.raw`;
      await Deno.writeFile(path, content);
      await cocoonOk(home, ["image", "import", "disk", path]);
    },
    verb,
    async repeat(home, found) {
      if (found?.state !== "created") await cocoonOk(home, verb());
      const [machine] = await list(home);
      const root = machine?.disks.find(({ role }) => role === "root");
      const disk = await Deno.readFile(root?.path ?? "no root disk");
      assert.equal(disk.length, 2 * content.length);
      assert.deepEqual(disk.subarray(0, content.length), content);
    },
    everyWrite: 12,
  });
});

Deno.test("vm start can be killed anywhere, with its supervisor and its hypervisor", async () => {
  const { points, killed } = await killEverywhere({
    async prepare(home, boot) {
      await cocoonOk(home, create(boot));
    },
    verb: () => ["vm", "start", "web"],
    async repeat(home) {
      await cocoonOk(home, ["vm", "start", "web"]);
      await assertRuns(home);
    },
    everyWrite: 6,
  });
  assert.ok(points >= 15, `only ${points} moments were found`);
  // Not all: at some of them it is the supervisor or QEMU that dies.
  assert.ok(killed >= 3, `${killed} of ${points} were killed`);
});

Deno.test("vm run can be killed anywhere, and leaves what can be run", async () => {
  await killEverywhere({
    verb: (boot) => ["vm", "run", "--name", "web", ...boot],
    async repeat(home, found, boot) {
      // Once it is made, it is the start that is repeated.
      const isMade = found !== undefined && found.state !== "creating";
      await cocoonOk(home, isMade ? ["vm", "start", "web"] : ["run", "--name", "web", ...boot]);
      await assertRuns(home);
    },
    everyWrite: 12,
  });
});

Deno.test("vm stop can be killed anywhere and repeated", async () => {
  await killEverywhere({
    async prepare(home, boot) {
      await cocoonOk(home, ["run", "--name", "web", ...boot]);
    },
    verb: () => ["vm", "stop", "--force", "web"],
    async repeat(home) {
      await cocoonOk(home, ["vm", "stop", "--force", "web"]);
      assert.equal((await inspect(home, "web")).state, "stopped");
      assert.deepEqual(hypervisors(home), []);
    },
    everyWrite: 8,
  });
});

Deno.test("vm rm can be killed anywhere and repeated", async () => {
  const { points } = await killEverywhere({
    async prepare(home, boot) {
      await cocoonOk(home, ["run", "--name", "web", "--data-disk", "1M", ...boot]);
    },
    verb: () => ["vm", "rm", "--force", "web"],
    async repeat(home, found) {
      const again = await runCocoon(home, ["vm", "rm", "--force", "web"]);
      assert.equal(again.code, found === undefined ? 3 : 0, again.stderr);
      assert.deepEqual(await list(home), []);
    },
    everyWrite: 8,
  });
  assert.ok(points >= 8, `only ${points} moments were found`);
});
