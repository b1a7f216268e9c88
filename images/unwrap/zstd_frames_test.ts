import assert from "node:assert/strict";
import { joined, pieces } from "../testing/tar_header.ts";
import { ByteSource } from "./byte_source.ts";
import { unpackZstd } from "./zlib_stream.ts";
import { zstdFrames } from "./zstd_frames.ts";

/** A frame (RFC 8878 section 3.1.1) of so many raw blocks without content. */
function emptyBlocks(count: number): Uint8Array {
  const lastBlock = [1, 0, 0];
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0, 0];
  return joined(
    new Uint8Array(header),
    new Uint8Array((count - 1) * 3),
    new Uint8Array(lastBlock),
  );
}

Deno.test("zstdFrames() hands on empty blocks in pieces, and collects few of them", async () => {
  const packed = emptyBlocks(100_000);
  const seen: Uint8Array[] = [];
  for await (const frame of zstdFrames(new ByteSource(pieces(packed, 65_536)))) {
    for await (const piece of frame) seen.push(piece);
  }
  assert.ok(seen.length > 20, `${seen.length} pieces`);
  assert.deepEqual(joined(...seen), packed);
});

Deno.test("zstdFrames() refuses a frame that needs a larger window than is allowed", async () => {
  const read = async (...header: number[]) => {
    const packed = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, ...header, 1, 0, 0]);
    for await (const frame of zstdFrames(new ByteSource(pieces(packed, 64)))) {
      await Array.fromAsync(frame);
    }
  };
  const tooMuch = { message: "its zstd data needs more than 128MiB of memory", code: "failed" };
  // Windows of 128 MiB, an eighth more, 1 GiB; a single segment of 128 MiB, and a byte more.
  await read(0, 17 << 3);
  await assert.rejects(read(0, (17 << 3) + 1), tooMuch);
  await assert.rejects(read(0, 20 << 3), tooMuch);
  await read(0xa0, 0, 0, 0, 8);
  await assert.rejects(read(0xa0, 1, 0, 0, 8), tooMuch);
  await assert.rejects(read(0xe0, 0, 0, 0, 0, 1, 0, 0, 0), tooMuch);
});

Deno.test("unpackZstd() gives nothing for a frame of empty blocks", async () => {
  const unpacked = unpackZstd(pieces(emptyBlocks(20_000), 65_536));
  assert.deepEqual(await Array.fromAsync(unpacked), []);
});
