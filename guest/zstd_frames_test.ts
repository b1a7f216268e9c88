import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { type ByteRange, wholeFile, within } from "./byte_range.ts";
import { zstdFrames } from "./zstd_frames.ts";

/** A frame (RFC 8878 section 3.1.1) of raw blocks with so many bytes each. */
function rawBlocks(count: number, bytes: number): Uint8Array<ArrayBuffer> {
  const headerBytes = 6;
  const made = new Uint8Array(headerBytes + count * (3 + bytes));
  made.set([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]);
  for (let i = 0; i < count; i++) {
    const header = (bytes << 3) | Number(i === count - 1);
    made.set([header & 255, header >>> 8 & 255, header >>> 16], headerBytes + i * (3 + bytes));
  }
  return made;
}

/** Makes a file of these parts for a while. */
async function withFile(
  use: (range: ByteRange) => Promise<void>,
  ...parts: Uint8Array<ArrayBuffer>[]
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, new Blob(parts).stream());
    await use(await wholeFile(path));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("zstdFrames() finds the end of frames with blocks of every length", async () => {
  const packed = new Uint8Array(zstdCompressSync(new Uint8Array(300_000).map((_, i) => i * i)));
  const frames = [rawBlocks(3, 0), rawBlocks(5, 5000), packed, rawBlocks(2000, 1)];
  const rest = new Uint8Array(99).fill(65);
  await withFile(
    async (range) => {
      let at = 0;
      const expected = frames.map(({ length }) => within(range, (at += length) - length, length));
      assert.deepEqual(await zstdFrames(range), expected);
      for (const missing of [1, 3, 2000]) {
        const cut = within(range, 0, range.length - rest.length - missing);
        assert.equal(await zstdFrames(cut), undefined, String(missing));
      }
    },
    ...frames,
    rest,
  );
});

Deno.test("zstdFrames() opens the file once, however many blocks there are", async () => {
  const frame = rawBlocks(100_000, 0);
  const { open } = Deno;
  let opened = 0;
  Deno.open = (...args) => {
    opened++;
    return open(...args);
  };
  try {
    await withFile(async (range) => assert.deepEqual(await zstdFrames(range), [range]), frame);
  } finally {
    Deno.open = open;
  }
  assert.equal(opened, 1);
});
