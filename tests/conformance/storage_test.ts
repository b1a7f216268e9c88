import assert from "node:assert/strict";
import { createRegistry } from "../../plugins/registry.ts";
import { type FileSystemKind, withFileSystem } from "../support/file_system.ts";
import { diskFixture } from "./disks.ts";
import { storageChecks } from "./storage.ts";

type Place = "temporary" | FileSystemKind;

/** Where every built-in driver is tried; a new one has its entry here. */
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  // On other systems it is tried over a stand-in of its one call, beside it.
  clonefile: Deno.build.os === "darwin" ? ["temporary"] : [],
  reflink: ["btrfs", "xfs"],
  qcow2: ["temporary"],
  copy: ["temporary", "btrfs", "xfs"],
};

const registry = createRegistry([]);

Deno.test("every built-in storage driver is tried somewhere", () => {
  assert.deepEqual(Object.keys(PLACES).sort(), registry.names("storage").sort());
});

for (const [name, places] of Object.entries(PLACES)) {
  for (const place of places) {
    Deno.test({
      name: `storage driver ${name} conforms on ${place} files`,
      ignore: place !== "temporary" && Deno.build.os !== "linux",
      fn: (t) =>
        inPlace(place, async (folder) => {
          for (const check of storageChecks(await registry.storage(name), diskFixture(folder))) {
            await t.step(check.name, async () => await check.run());
          }
        }),
    });
  }
}

async function inPlace(place: Place, body: (folder: string) => Promise<void>): Promise<void> {
  if (place !== "temporary") return await withFileSystem(place, body);
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
