import type { StorageDriver } from "../../plugins/contract.ts";
import copy from "../../storage/copy/mod.ts";
import { diskFixture } from "./disks.ts";
import { assertSeen } from "./faults.ts";
import { storageChecks } from "./storage.ts";

type Clone = StorageDriver["clone"];

/** As `caught`; the checks have a folder for as long as they run. */
function storageCaught(fault: string, checkName: string, driver: Partial<StorageDriver>): void {
  Deno.test(`the suite sees ${fault}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await assertSeen(checkName, storageChecks({ ...copy, ...driver }, diskFixture(folder)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** The driver `copy`, and something more after it. */
const andThen =
  (more: (base: string, target: string) => Promise<unknown>): Clone =>
  async (host, base, target, sizeBytes, signal) => {
    await copy.clone(host, base, target, sizeBytes, signal);
    await more(base, target);
  };

const CONTENT = "clone() gives the base's content, zeros behind it, and the size";
const ALONE = "clone() leaves the base as it is and no other file";

storageCaught("a disk of the base's size only", CONTENT, {
  clone: andThen((base, target) => Deno.stat(base).then(({ size }) => Deno.truncate(target, size))),
});
storageCaught("a byte that differs", CONTENT, {
  clone: andThen(async (_base, target) => {
    using file = await Deno.open(target, { write: true });
    await file.seek(5 << 20, Deno.SeekMode.Start);
    await file.write(new Uint8Array([0xff]));
  }),
});
storageCaught("a file that is left beside the disk", ALONE, {
  clone: andThen((_base, target) => Deno.writeTextFile(`${target}.log`, "done")),
});
storageCaught("a base that is touched", ALONE, {
  clone: andThen((base) => Deno.utime(base, 0, 0)),
});
storageCaught("a disk that others can read", "clone() gives a disk that only its owner can read", {
  clone: andThen((_base, target) => Deno.chmod(target, 0o644)),
});
storageCaught("a disk whose holes are filled", "clone() does not fill holes", {
  clone: andThen(async (_base, target) => {
    await Deno.writeFile(target, new Uint8Array(64 << 20));
  }),
});
storageCaught(
  "a disk that is the base itself",
  "what is written to a clone reaches neither the base nor another clone",
  {
    clone: async (_host, base, target, sizeBytes) => {
      await Deno.link(base, target);
      await Deno.truncate(base, sizeBytes);
    },
  },
);
storageCaught(
  "a target that is overwritten",
  "clone() refuses a target that exists and does not touch it",
  {
    clone: async (host, base, target, sizeBytes, signal) => {
      await Deno.remove(target).catch(() => {});
      await copy.clone(host, base, target, sizeBytes, signal);
    },
  },
);
storageCaught(
  "half a disk after a failure",
  "clone() refuses a base that is gone and leaves nothing",
  {
    clone: async (host, base, target, sizeBytes, signal) => {
      await Deno.writeTextFile(target, "");
      await copy.clone(host, base, `${target}2`, sizeBytes, signal);
    },
  },
);
storageCaught(
  "a system's error without help",
  "clone() refuses a folder that does not exist",
  { clone: (_host, base, target) => Deno.copyFile(base, target) },
);
storageCaught(
  "an interrupt of a copy that is not heard",
  "clone() that is interrupted rejects with the reason and leaves nothing",
  {
    clone: (host, base, target, sizeBytes) =>
      copy.clone(host, base, target, sizeBytes, new AbortController().signal),
  },
);
storageCaught("a disk that shrinks", "grow() refuses to shrink and leaves the disk as it is", {
  grow: (_host, path, sizeBytes) => Deno.truncate(path, sizeBytes),
});
storageCaught(
  "a disk that is made by growing it",
  "grow() refuses a disk that is gone and makes none",
  {
    grow: async (_host, path, sizeBytes) => {
      await Deno.writeFile(path, new Uint8Array(), { append: true });
      await Deno.truncate(path, sizeBytes);
    },
  },
);
storageCaught("a trial that leaves a file", "supports() is true here, twice, and leaves nothing", {
  supports: async (_host, directory) => {
    await Deno.writeTextFile(`${directory}/.trial`, "");
    return true;
  },
});
storageCaught("a finding without a fix", "check() finds something to say and leaves nothing", {
  check: () => Promise.resolve([{ level: "error", subject: "copy", message: "broken" }]),
});
