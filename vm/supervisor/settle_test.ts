import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import { exampleRecord } from "../../state/testing.ts";
import { type HypervisorEnd, settle } from "./settle.ts";

/** What a running machine becomes by this end: state, whether it is stale, the error. */
async function settled(
  end: Partial<HypervisorEnd>,
  desired: "running" | "stopped" = "running",
): Promise<[string, boolean, string | undefined]> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    const context = { host: realHost(), home, store, self: ["cocoon"] as const };
    const record = exampleRecord({ state: "running", desired });
    store.machines.insert(record);
    const unseen = { code: null, signal: null };
    const after = await settle(context, record.id, { ...unseen, ...end });
    assert.ok(after !== undefined);
    return [after.state, after.stale, after.lastError];
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("settle() takes an end without a status for a failure unless the guest said good-bye", async () => {
  assert.deepEqual(await settled({ watched: true }), [
    "error",
    false,
    "the hypervisor ended, and its exit status could not be seen",
  ]);
  assert.deepEqual(await settled({ watched: true, poweredOff: true }), [
    "stopped",
    false,
    undefined,
  ]);
  assert.deepEqual(await settled({ watched: true }, "stopped"), ["stopped", false, undefined]);
  // Nobody was there: the computer may have been switched off.
  assert.deepEqual(await settled({}), ["stopped", true, undefined]);
});

Deno.test("settle() tells a status and a signal", async () => {
  assert.deepEqual(await settled({ code: 0 }), ["stopped", false, undefined]);
  const killed = await settled({ signal: "SIGKILL" });
  assert.deepEqual(killed, ["error", false, "the hypervisor was ended by SIGKILL"]);
  assert.equal((await settled({ code: 1 }))[2], "the hypervisor ended with status 1");
});
