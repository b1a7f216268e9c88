import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { openHome } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { aliveLockPath, supervisorLockPath } from "./liveness.ts";
import { waitFor } from "./wait.ts";

Deno.test("waitFor() says that the machine goes on when the wait for SSH is interrupted", async () => {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    const host = { ...realHost(), which: (name: string) => `/bin/${name}` };
    const context = { host, home, store, self: ["cocoon"] as const };
    const record = exampleRecord({
      state: "running",
      desired: "running",
      // With a card whose address nobody knows.
      launch: { backend: {}, networks: [{ provider: "nat", settings: {} }], plugins: [] },
      nicStates: [{}],
    });
    store.machines.insert(record);
    await Deno.mkdir(home.runDir(record.id));
    using _hypervisor = FileLock.tryTake(aliveLockPath(home, record.id));
    using _supervisor = FileLock.tryTake(supervisorLockPath(home, record.id));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("Ctrl-C")), 50);
    const { signal } = controller;
    await assert.rejects(waitFor(context, record, "ssh", { timeoutMs: 30_000, signal }), {
      code: "interrupted",
      message: 'machine "web": the wait for ssh was interrupted; it is running',
      hint: "To stop it: cocoon vm stop web",
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
