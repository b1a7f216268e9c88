import assert from "node:assert/strict";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { zstdFrameLength } from "./zstd_frame.ts";

function padded(frame: Uint8Array, padding: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frame.length + padding).fill(0xa5);
  bytes.set(frame);
  return bytes;
}

Deno.test("zstdFrameLength() finds the end of whatever the library writes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(40),
      fc.nat(700),
      fc.boolean(),
      (seed, repeats, padding, checksum) => {
        const data = new Uint8Array(seed.length * repeats);
        for (let i = 0; i < repeats; i++) data.set(seed, i * seed.length);
        const frame = zstdCompressSync(data, {
          params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 },
        });
        assert.equal(zstdFrameLength(padded(frame, padding)), frame.length);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("zstdFrameLength() throws RangeError for every frame that is cut off", () => {
  const frame = zstdCompressSync(new Uint8Array(100_000).map((_, i) => i * i));
  for (let length = 0; length < frame.length; length++) {
    assert.throws(() => zstdFrameLength(padded(frame.subarray(0, length), 0)), RangeError);
  }
});

Deno.test("zstdFrameLength() refuses a frame that wants gigabytes", () => {
  // Descriptor 0, window 2^(10 + 31); then one empty last block.
  const window = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 31 << 3, 1, 0, 0]);
  assert.throws(() => zstdFrameLength(window), { message: /too large a window/ });
  // Single segment with an 8-byte content size of 2^40.
  const content = new Uint8Array(17);
  content.set([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
  assert.throws(() => zstdFrameLength(content), { message: /too large a window/ });
});
