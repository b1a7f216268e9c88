import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { DARWIN_ERRNO, standInCloneLibrary } from "../../native/testing/clone_library.ts";
import { diskFixture } from "../../tests/conformance/disks.ts";
import { storageChecks } from "../../tests/conformance/storage.ts";
import { selectStorage } from "../select.ts";
import { cloneDriver } from "./driver.ts";
import clonefile from "./mod.ts";

const host = realHost();
const mac = { ...host, os: "darwin" } as const;
const signal = new AbortController().signal;
const KIB = 1024;

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("the driver conforms over a stand-in of clonefile(2)", async (t) => {
  using library = standInCloneLibrary();
  await withFolder(async (folder) => {
    for (const check of storageChecks(cloneDriver(library), diskFixture(folder))) {
      await t.step(check.name, async () => await check.run());
    }
  });
});

Deno.test("supports() is false on Linux without touching anything", async () => {
  const linux = { ...host, os: "linux" } as const;
  assert.equal(await clonefile.supports(linux, "/no/such", "/no/such"), false);
  const [finding] = await clonefile.check(linux, "/no/such");
  assert.equal(finding?.level, "warning");
});

for (const name of ["ENOTSUP", "EXDEV"] as const) {
  Deno.test(`supports() is false where the file system says ${name}, and leaves nothing`, async () => {
    using library = standInCloneLibrary(() => DARWIN_ERRNO[name]);
    const driver = cloneDriver(library);
    await withFolder(async (folder) => {
      assert.equal(await driver.supports(mac, folder, folder), false);
      assert.equal((await driver.check(mac, folder))[0]?.level, "warning");
      await Deno.writeFile(`${folder}/base`, new Uint8Array(KIB));
      await assert.rejects(driver.clone(mac, `${folder}/base`, `${folder}/disk`, KIB, signal), {
        code: "failed",
        message: new RegExp(`cannot be cloned from .*\\(${name}\\)$`),
        hint: "Choose the storage driver `auto` or `copy`.",
      });
      assert.deepEqual(names(folder), ["base"]);
    });
  });
}

Deno.test("selectStorage() falls back where the file system cannot clone, and says so", async () => {
  using library = standInCloneLibrary(() => DARWIN_ERRNO.ENOTSUP);
  const drivers = [cloneDriver(library), (await import("../copy/mod.ts")).default];
  const load = (name: string) => {
    const driver = drivers.find((each) => each.name === name);
    return driver === undefined ? Promise.reject(new Error(name)) : Promise.resolve(driver);
  };
  await withFolder(async (folder) => {
    const wish = { host: mac, directory: folder, imageDirectory: folder };
    const { driver, reason } = await selectStorage(
      load,
      { ...wish, diskFormats: ["raw"] },
      ["clonefile", "copy"],
    );
    assert.equal(driver.name, "copy");
    assert.match(reason, /because clonefile does not work in /);
  });
});

Deno.test("supports() gives no answer for a folder that is not there", async () => {
  using library = standInCloneLibrary();
  await assert.rejects(cloneDriver(library).supports(mac, "/no/such", "/no/such"), {
    code: "failed",
    message: /^cannot try to clone a file: /,
  });
});

Deno.test("clone() says that the disk is full, and that a file is there, as all drivers do", async () => {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/base`, new Uint8Array(KIB));
    const clone = async (errno: number) => {
      using library = standInCloneLibrary(() => errno);
      await cloneDriver(library).clone(mac, `${folder}/base`, `${folder}/disk`, KIB, signal);
    };
    await assert.rejects(clone(DARWIN_ERRNO.ENOSPC), { code: "failed", message: /no space left/ });
    assert.deepEqual(names(folder), ["base"]);
    await Deno.writeTextFile(`${folder}/disk`, "mine");
    await assert.rejects(clone(DARWIN_ERRNO.EEXIST), { code: "conflict" });
    assert.equal(await Deno.readTextFile(`${folder}/disk`), "mine");
  });
});

Deno.test("clone() makes a private file of one that everybody may read", async () => {
  using library = standInCloneLibrary();
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/base`, new Uint8Array(KIB).fill(7), { mode: 0o644 });
    await cloneDriver(library).clone(mac, `${folder}/base`, `${folder}/disk`, 3 * KIB, signal);
    const { mode, size } = await Deno.stat(`${folder}/disk`);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal(size, 3 * KIB);
    assert.deepEqual(library.calls.map(({ source, target }) => [source, target]), [
      [`${folder}/base`, `${folder}/disk`],
    ]);
  });
});
