import { withFileSystem } from "../support/file_system.ts";
import copy from "../../storage/copy/mod.ts";
import qcow2 from "../../storage/qcow2/mod.ts";
import reflink from "../../storage/reflink/mod.ts";
import { diskFixture } from "./disks.ts";
import { storageChecks } from "./storage.ts";
import type { StorageDriver } from "../../plugins/contract.ts";

async function conform(t: Deno.TestContext, driver: StorageDriver, folder: string) {
  for (const check of storageChecks(driver, diskFixture(folder))) {
    await t.step(check.name, async () => await check.run());
  }
}

for (const driver of [copy, qcow2]) {
  Deno.test(`storage driver ${driver.name} conforms on the file system of temporary files`, async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      await conform(t, driver, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (const kind of ["btrfs", "xfs"] as const) {
  for (const driver of [reflink, copy]) {
    Deno.test({
      name: `storage driver ${driver.name} conforms on ${kind}`,
      ignore: Deno.build.os !== "linux",
      fn: (t) => withFileSystem(kind, (folder) => conform(t, driver, folder)),
    });
  }
}
