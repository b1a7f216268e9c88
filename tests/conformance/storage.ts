/** The contract of storage drivers, as checks on real files. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "../../host/path.ts";
import type { DiskFormat, Host, StorageDriver } from "../../plugins/contract.ts";
import { assertFindings, assertRefused, type Check, commonChecks } from "./check.ts";

/** Where and with what a driver is tried. */
export interface StorageFixture {
  host: Host;
  /** An empty folder on a file system that the driver supports. */
  folder: string;
  /** The content of a disk as a guest sees it. */
  read(path: string, format: DiskFormat): Promise<Uint8Array>;
  /** Writes to a disk as a guest does. */
  write(path: string, format: DiskFormat, offset: number, bytes: Uint8Array): Promise<void>;
}

const MIB = 1 << 20;
/** Data, a hole, data up to an odd end. */
const BASE_BYTES = 6 * MIB + 512;
const never = () => new AbortController().signal;

/** The checks; each works in folders of its own below the fixture's. */
export function storageChecks(driver: StorageDriver, fixture: StorageFixture): Check[] {
  const { host, read, write } = fixture;
  const check = (name: string, run: (place: Place) => Promise<void>): Check => ({
    name,
    run: async () => {
      const place = await makePlace(fixture.folder);
      try {
        await run(place);
      } finally {
        await Deno.remove(place.root, { recursive: true });
      }
    },
  });
  const clone = ({ base, disk }: Place, sizeBytes: number, signal = never()) =>
    driver.clone(host, base, disk, sizeBytes, signal);

  return [
    ...commonChecks(driver),
    check("supports() is true here, twice, and leaves nothing", async (place) => {
      for (let i = 0; i < 2; i++) {
        assert.equal(await driver.supports(host, place.disks, place.images), true);
      }
      assert.deepEqual([names(place.disks), names(place.images)], [[], ["base"]]);
    }),
    check("check() finds something to say and leaves nothing", async (place) => {
      assertFindings(await driver.check(host, place.disks));
      assert.deepEqual(names(place.disks), []);
    }),
    check("check() answers for a folder that does not exist, too", async (place) => {
      assertFindings(await driver.check(host, `${place.root}/no/such`));
    }),
    check("clone() gives the base's content, zeros behind it, and the size", async (place) => {
      await clone(place, 16 * MIB);
      const content = await read(place.disk, driver.format);
      assert.equal(content.length, 16 * MIB);
      assertSame(content, padded(baseContent(), 16 * MIB));
    }),
    check("clone() gives a disk of just the base's size", async (place) => {
      await clone(place, BASE_BYTES);
      assertSame(await read(place.disk, driver.format), baseContent());
    }),
    check("clone() leaves the base as it is and no other file", async (place) => {
      const before = await Deno.stat(place.base);
      await clone(place, 16 * MIB);
      const after = await Deno.stat(place.base);
      assert.deepEqual([after.mtime, after.mode, after.ino], [
        before.mtime,
        before.mode,
        before.ino,
      ]);
      assertSame(await Deno.readFile(place.base), baseContent());
      assert.deepEqual([names(place.disks), names(place.images)], [["disk"], ["base"]]);
    }),
    check("clone() works from a base that nobody may write", async (place) => {
      await Deno.chmod(place.base, 0o400);
      await clone(place, BASE_BYTES);
      await write(place.disk, driver.format, 0, new Uint8Array(512).fill(7));
    }),
    check("clone() gives a disk that only its owner can read", async (place) => {
      await clone(place, 16 * MIB);
      assert.equal(((await Deno.stat(place.disk)).mode ?? 0) & 0o777, 0o600);
    }),
    check("clone() does not fill holes", async (place) => {
      await clone(place, 64 * MIB);
      const allocated = ((await Deno.stat(place.disk)).blocks ?? 0) * 512;
      assert.ok(allocated <= 4 * MIB, `${allocated} bytes are allocated for 2 MiB of data`);
    }),
    check(
      "what is written to a clone reaches neither the base nor another clone",
      async (place) => {
        await clone(place, 16 * MIB);
        const other = { ...place, disk: join(place.disks, "other") };
        await clone(other, 16 * MIB);
        const bytes = new Uint8Array(4096).fill(0xee);
        await write(place.disk, driver.format, 0, bytes);
        await write(place.disk, driver.format, 12 * MIB, bytes);
        assertSame(await Deno.readFile(place.base), baseContent());
        assertSame(await read(other.disk, driver.format), padded(baseContent(), 16 * MIB));
        const mine = padded(baseContent(), 16 * MIB);
        mine.set(bytes, 0);
        mine.set(bytes, 12 * MIB);
        assertSame(await read(place.disk, driver.format), mine);
      },
    ),
    check("clone() makes several disks of one base at once", async (place) => {
      const paths = [1, 2, 3, 4].map((n) => join(place.disks, `disk${n}`));
      await Promise.all(paths.map((disk) => clone({ ...place, disk }, 8 * MIB)));
      for (const path of paths) {
        assertSame(await read(path, driver.format), padded(baseContent(), 8 * MIB));
      }
    }),
    check("clone() refuses a target that exists and does not touch it", async (place) => {
      await Deno.writeTextFile(place.disk, "mine");
      await assertRefused(() => clone(place, 16 * MIB));
      assert.equal(await Deno.readTextFile(place.disk), "mine");
    }),
    check("clone() refuses a size below the base's and leaves nothing", async (place) => {
      await assertRefused(() => clone(place, BASE_BYTES - 512), ["usage"]);
      assert.deepEqual(names(place.disks), []);
    }),
    check("clone() refuses a base that is gone and leaves nothing", async (place) => {
      await Deno.remove(place.base);
      await assertRefused(() => clone(place, 16 * MIB));
      assert.deepEqual(names(place.disks), []);
    }),
    check("clone() refuses a folder that does not exist", async (place) => {
      const disk = join(place.disks, "no", "disk");
      await assertRefused(() => clone({ ...place, disk }, 16 * MIB));
    }),
    check(
      "clone() that is interrupted rejects with the reason and leaves nothing",
      async (place) => {
        const reason = new Error("interrupted");
        const error = await clone(place, 16 * MIB, AbortSignal.abort(reason)).catch((e) => e);
        assert.equal(error, reason);
        assert.deepEqual(names(place.disks), []);
      },
    ),
    check("grow() makes the disk larger and keeps its content", async (place) => {
      await clone(place, 8 * MIB);
      const bytes = new Uint8Array(4096).fill(0xaa);
      await write(place.disk, driver.format, 3 * MIB, bytes);
      await driver.grow(host, place.disk, 24 * MIB);
      const expected = padded(baseContent(), 24 * MIB);
      expected.set(bytes, 3 * MIB);
      assertSame(await read(place.disk, driver.format), expected);
      await write(place.disk, driver.format, 20 * MIB, bytes);
      expected.set(bytes, 20 * MIB);
      assertSame(await read(place.disk, driver.format), expected);
    }),
    check("grow() to the size that the disk has changes nothing", async (place) => {
      await clone(place, 8 * MIB);
      await driver.grow(host, place.disk, 8 * MIB);
      assertSame(await read(place.disk, driver.format), padded(baseContent(), 8 * MIB));
    }),
    check("grow() refuses to shrink and leaves the disk as it is", async (place) => {
      await clone(place, 16 * MIB);
      await assertRefused(() => driver.grow(host, place.disk, 8 * MIB), ["usage"]);
      assertSame(await read(place.disk, driver.format), padded(baseContent(), 16 * MIB));
    }),
    check("grow() refuses a disk that is gone and makes none", async (place) => {
      await assertRefused(() => driver.grow(host, place.disk, 8 * MIB));
      assert.deepEqual(names(place.disks), []);
    }),
  ];
}

interface Place {
  root: string;
  images: string;
  disks: string;
  base: string;
  disk: string;
}

async function makePlace(folder: string): Promise<Place> {
  const root = await Deno.makeTempDir({ dir: folder });
  const [images, disks] = [join(root, "images"), join(root, "disks")];
  await Deno.mkdir(images);
  await Deno.mkdir(disks);
  const base = join(images, "base");
  using file = await Deno.open(base, { write: true, createNew: true });
  const content = baseContent();
  for (const start of [MIB, 5 * MIB + 512]) {
    await file.seek(start, Deno.SeekMode.Start);
    await writeAll(file, content.subarray(start, start + MIB));
  }
  await file.sync();
  return { root, images, disks, base, disk: join(disks, "disk") };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Data in the second MiB and in the last one; every sector is different. */
function baseContent(): Uint8Array {
  const content = new Uint8Array(BASE_BYTES);
  for (const start of [MIB, 5 * MIB + 512]) {
    for (let i = start; i < start + MIB; i++) content[i] = (i * 31 + (i >> 9) * 7 + 1) & 0xff;
  }
  return content;
}

function padded(content: Uint8Array, sizeBytes: number): Uint8Array {
  const larger = new Uint8Array(sizeBytes);
  larger.set(content);
  return larger;
}

/** `assert.deepEqual` on megabytes takes seconds and prints them. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, "length");
  if (Buffer.compare(actual, expected) === 0) return;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert.fail(`byte ${at} is ${actual[at]}, expected ${expected[at]}`);
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}
