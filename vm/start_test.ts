import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { lastUsedMs } from "../images/usage.ts";
import { openHome } from "../state/home.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { beginStart } from "./start.ts";

Deno.test("beginStart() notes that the machine's image was used, and starts nothing that is paused", async () => {
  // Short, for the sockets below it.
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    const context = { host: realHost(), home, store, self: ["cocoon"] as const };
    const imageDigest = `sha256:${"a".repeat(64)}`;
    store.images.put({
      digest: imageDigest,
      diskDigest: "sha256-4m:0",
      kind: "disk",
      virtualBytes: 512,
      allocatedBytes: 512,
      sourceFormat: "raw",
      source: "/disk",
      verified: "none",
      createdAt: "2026-01-01T00:00:00.000Z",
    });
    await Deno.mkdir(home.imageDir(imageDigest));
    await Deno.utime(home.imageDir(imageDigest), 1000, 1000);
    const record = exampleRecord({ imageDigest });
    store.machines.insert(record);

    const { signal } = new AbortController();
    assert.equal(await beginStart(context, record, { signal }), "begun");
    const usedMs = await lastUsedMs(context, imageDigest) ?? 0;
    assert.ok(Math.abs(Date.now() - usedMs) < 60_000, String(usedMs));

    const paused = exampleRecord({ id: "2".repeat(12), name: "still", state: "paused" });
    store.machines.insert(paused);
    await assert.rejects(beginStart(context, paused, { signal }), {
      code: "conflict",
      message: 'machine "still" is paused, not off',
      hint: /cocoon vm resume still$/,
    });

    // An image whose folder somebody has deleted is no reason not to start.
    await Deno.remove(home.imageDir(imageDigest));
    const other = exampleRecord({ id: "1".repeat(12), name: "db", imageDigest });
    store.machines.insert(other);
    assert.equal(await beginStart(context, other, { signal }), "begun");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
