import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { openHome } from "../state/home.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import copy from "../storage/copy/mod.ts";
import { previewRecord } from "./create.ts";

Deno.test("previewRecord() gives what a machine would have, and takes nothing", async () => {
  const root = await Deno.makeTempDir();
  try {
    const home = openHome(root);
    using store = openStore(home);
    const context = { host: realHost(), home, store, self: ["cocoon"] as const };
    const other = exampleRecord();
    store.machines.insert(other);
    store.reservations.of(other.id, "vsock").reserve("vsock-cid", ["3"], () => true);
    const request = {
      spec: { ...other.spec, name: "new" },
      launch: other.launch,
      storage: copy,
      seed: { authorizedKeys: [] },
      devices: { rng: true, balloon: false, vsock: true },
    };
    for (let time = 0; time < 2; time++) {
      const { name, state, machine } = await previewRecord(context, request);
      assert.deepEqual([name, state], ["new", "creating"]);
      // The first that is free, each time: it was not reserved.
      assert.deepEqual(machine.devices, { rng: true, balloon: false, vsock: { cid: 4 } });
      assert.deepEqual(machine.disks.map(({ role }) => role), ["seed"]);
    }
    assert.deepEqual(store.machines.names(), [other.name]);
    assert.deepEqual([...Deno.readDirSync(home.machinesDir)], []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
