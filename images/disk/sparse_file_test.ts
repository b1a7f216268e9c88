import assert from "node:assert/strict";
import { pseudoRandom } from "../testing/qemu_img.ts";
import { diskDigest } from "./digest.ts";
import { SparseFile, SparseStream } from "./sparse_file.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Data, a long hole, data that ends within a block, zeros at the end. */
function content(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9 * 1024 * 1024 + 333);
  bytes.set(pseudoRandom(70_000, 1));
  bytes.set(pseudoRandom(5_000, 2), 6 * 1024 * 1024 + 100);
  return bytes;
}

Deno.test("SparseStream writes what came, in whatever pieces, and leaves holes", async () => {
  await withFolder(async (folder) => {
    const bytes = content();
    for (const piece of [1, 4097, 65_536, 3_000_000, bytes.length]) {
      const path = `${folder}/${piece}`;
      {
        using file = SparseFile.create(path);
        const stream = new SparseStream(file);
        const step = piece === 1 ? 999 : piece;
        if (piece === 1) stream.write(bytes.subarray(0, 1));
        for (let at = piece === 1 ? 1 : 0; at < bytes.length; at += step) {
          stream.write(bytes.subarray(at, at + step));
        }
        assert.equal(stream.length, bytes.length);
        stream.end();
      }
      assert.deepEqual(await Deno.readFile(path), bytes);
      assert.ok(((await Deno.stat(path)).blocks ?? Infinity) * 512 < 200_000);
    }
  });
});

Deno.test("SparseFile.create() refuses to write over something", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/there`, "x");
    assert.throws(() => SparseFile.create(`${folder}/there`), Deno.errors.AlreadyExists);
    assert.equal(await Deno.readTextFile(`${folder}/there`), "x");
  });
});

Deno.test("diskDigest() is of the content: holes or zeros, one worker or two", async () => {
  await withFolder(async (folder) => {
    const bytes = content();
    await Deno.writeFile(`${folder}/dense`, bytes);
    {
      using file = SparseFile.create(`${folder}/sparse`);
      const stream = new SparseStream(file);
      stream.write(bytes);
      stream.end();
    }
    const digest = await diskDigest(`${folder}/dense`, { cpus: 1 });
    assert.match(digest, /^sha256-4m:[0-9a-f]{64}$/);
    assert.equal(await diskDigest(`${folder}/sparse`, { cpus: 2 }), digest);
    // One bit, and one zero more.
    bytes[8_000_000] = 1;
    await Deno.writeFile(`${folder}/other`, bytes);
    assert.notEqual(await diskDigest(`${folder}/other`), digest);
    await Deno.truncate(`${folder}/sparse`, bytes.length + 1);
    assert.notEqual(await diskDigest(`${folder}/sparse`), digest);
  });
});

Deno.test("diskDigest() is defined by the lengths and digests of 4 MiB pieces", async () => {
  await withFolder(async (folder) => {
    const { createHash } = await import("node:crypto");
    const bytes = content();
    await Deno.writeFile(`${folder}/disk`, bytes);
    const expected = createHash("sha256");
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(bytes.length));
    expected.update(new Uint8Array(length.buffer));
    for (const [from, to] of [[0, 4 << 20], [4 << 20, 8 << 20]] as const) {
      expected.update(createHash("sha256").update(bytes.subarray(from, to)).digest());
    }
    expected.update(new Uint8Array(32)); // the last piece has only zeros
    assert.equal(await diskDigest(`${folder}/disk`), `sha256-4m:${expected.digest("hex")}`);
  });
});
