import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { openHome } from "../state/home.ts";
import type { ImageRecord } from "../state/images.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import copy from "../storage/copy/mod.ts";
import { makeDisks } from "./disks.ts";

const PIB = 2 ** 50;

const IMAGE: ImageRecord = {
  digest: `sha256:${"a".repeat(64)}`,
  diskDigest: "",
  kind: "disk",
  virtualBytes: 512,
  allocatedBytes: 512,
  sourceFormat: "raw",
  source: "/disk",
  verified: "none",
  createdAt: "2026-01-01T00:00:00Z",
};

Deno.test("makeDisks() names the flag whose size the file system does not take", async () => {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    const context = { host: realHost(), home, store, self: ["cocoon"] as const };
    const record = exampleRecord();
    const disk = (role: "root" | "data") =>
      ({
        role,
        path: `${root}/${role}.raw`,
        format: "raw",
        serial: role,
        readOnly: false,
      }) as const;
    const make = (role: "root" | "data", clone: typeof copy.clone) =>
      makeDisks(
        context,
        { ...record, machine: { ...record.machine, disks: [disk(role)] } },
        {
          spec: {
            ...record.spec,
            diskBytes: 5 * PIB,
            dataDisks: [{ name: "data", sizeBytes: 5 * PIB }],
          },
          launch: record.launch,
          image: IMAGE,
          storage: { ...copy, clone },
          seed: { authorizedKeys: [] },
          devices: { rng: true, balloon: false, vsock: false },
        },
        new AbortController().signal,
      );
    // In the words of Deno, which gives it neither a class nor a code.
    await assert.rejects(
      make("root", () => Promise.reject(new Error("File too large (os error 27)"))),
      { code: "usage", message: /^--disk 5120TiB: larger than a file may be on /, hint: /less/ },
    );
    // Only some file systems take that; what they say is theirs.
    const made = make("data", copy.clone);
    await made.then(
      async () => assert.equal((await Deno.stat(`${root}/data.raw`)).size, 5 * PIB),
      ({ code, message }) => {
        assert.equal(code, "usage");
        assert.match(message, /^--data-disk 5120TiB: larger than a file may be on /);
      },
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
