import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { openHome } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { collectMachines } from "./collect.ts";
import type { VmContext } from "./context.ts";

async function withContext(body: (context: VmContext) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = await openStore(home);
    await body({ host: realHost(), home, store, self: ["cocoon"] });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("collectMachines() removes folders, locks and creates that nobody finishes", () =>
  withContext(async (context) => {
    const { home, store } = context;
    store.machines.insert(exampleRecord({ id: "whole0000000", name: "whole" }));
    store.machines.insert(exampleRecord({ id: "dead00000000", name: "dead", state: "creating" }));
    store.machines.insert(exampleRecord({ id: "gone00000000", name: "gone", removing: true }));
    for (const id of ["whole0000000", "dead00000000", "gone00000000", "n0b0dy000000"]) {
      await Deno.mkdir(home.machineDir(id));
      await Deno.writeTextFile(`${home.machineDir(id)}/file`, "content");
      await Deno.writeTextFile(home.machineLockPath(id), "");
    }
    await Deno.writeTextFile(`${home.locksDir}/images.lock`, "");
    const found = await collectMachines(context);
    assert.deepEqual(found.map(({ what, name }) => [what, name.replace(home.root, "")]), [
      ["unfinished machine", "dead"],
      ["machine whose removal did not finish", "gone"],
      ["folder of no machine", "/vms/n0b0dy000000"],
      ["lock of no machine", "/locks/n0b0dy000000.lock"],
    ]);
    assert.deepEqual(names(home.machinesDir), ["whole0000000"]);
    assert.deepEqual(names(home.locksDir), ["images.lock", "whole0000000.lock"]);
    assert.deepEqual(store.machines.names(), ["whole"]);
    assert.deepEqual(await collectMachines(context), []);
  }));

Deno.test("collectMachines() passes over what another command works on", () =>
  withContext(async (context) => {
    const { home, store } = context;
    store.machines.insert(exampleRecord({ id: "busy00000000", name: "busy", state: "creating" }));
    await Deno.mkdir(home.machineDir("busy00000000"));
    using _create = FileLock.tryTake(home.machineLockPath("busy00000000"));
    // A create that has its lock and not yet its record.
    using _early = FileLock.tryTake(home.machineLockPath("ear1y0000000"));
    assert.deepEqual(await collectMachines(context), []);
    assert.equal(store.machines.get("busy00000000")?.state, "creating");
  }));
