import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import type { StorageDriver } from "../plugins/contract.ts";
import { createRegistry } from "../plugins/registry.ts";
import { withFileSystem } from "../tests/support/file_system.ts";
import copy from "./copy/mod.ts";
import { AUTO_ORDER, selectStorage } from "./select.ts";

const host = realHost();
const registry = createRegistry([]);

function driver(
  name: string,
  format: "raw" | "qcow2",
  supports: () => Promise<boolean>,
): StorageDriver {
  return { ...copy, name, format, supports };
}

const drivers: Record<string, StorageDriver> = {
  never: driver("never", "raw", () => Promise.resolve(false)),
  full: driver("full", "raw", () => Promise.reject(new CocoonError("failed", "no space left"))),
  overlay: driver("overlay", "qcow2", () => Promise.resolve(true)),
  plain: driver("plain", "raw", () => Promise.resolve(true)),
};

function load(name: string): Promise<StorageDriver> {
  const found = drivers[name];
  return found ? Promise.resolve(found) : Promise.reject(new Error(`asked for ${name}`));
}

const wish = { host, directory: "/vms", imageDirectory: "/images", diskFormats: ["raw"] as const };

Deno.test("selectStorage() takes the first that works and says why the others were not taken", async () => {
  const choice = await selectStorage(load, wish, ["never", "full", "overlay", "plain", "copy"]);
  assert.equal(choice.driver, drivers["plain"]);
  assert.equal(
    choice.reason,
    "storage driver plain was chosen, because never does not work in /vms and full could not be " +
      "tried: no space left and overlay makes qcow2 disks, which the backend does not take",
  );
});

Deno.test("selectStorage() takes an overlay from a backend that takes it, and loads no further", async () => {
  const choice = await selectStorage(
    load,
    { ...wish, diskFormats: ["raw", "qcow2"] },
    ["overlay", "not loaded"],
  );
  assert.deepEqual(choice, {
    driver: drivers["overlay"],
    reason: "storage driver overlay was chosen",
  });
});

Deno.test("selectStorage() refuses when nothing makes what the backend takes", async () => {
  await assert.rejects(selectStorage(load, { ...wish, diskFormats: [] }, ["plain", "overlay"]), {
    code: "usage",
    message: /^no storage driver can be used: plain makes raw disks/,
  });
});

Deno.test("AUTO_ORDER names built-in drivers only, and ends with one that works everywhere", async () => {
  assert.deepEqual([...AUTO_ORDER].sort(), registry.names("storage").sort());
  const last = await registry.storage(AUTO_ORDER.at(-1) ?? "");
  assert.equal(await last.supports(host, "/no/such", "/no/such"), true);
  assert.equal(last.format, "raw");
});

Deno.test({
  name: "selectStorage() by asking real file systems: reflink, overlay or copy",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const chosen = async (folder: string, diskFormats: ("raw" | "qcow2")[]) => {
      const at = { host, directory: folder, imageDirectory: folder, diskFormats };
      return (await selectStorage(registry.storage, at)).driver.name;
    };
    await withFileSystem("btrfs", async (folder) => {
      assert.equal(await chosen(folder, ["raw", "qcow2"]), "reflink");
    });
    await withFileSystem("ext4", async (folder) => {
      assert.equal(await chosen(folder, ["raw", "qcow2"]), "qcow2");
      assert.equal(await chosen(folder, ["raw"]), "copy");
    });
  },
});
