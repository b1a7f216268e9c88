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

Deno.test("unpackZstd() gives nothing for a frame of empty blocks", async () => {
  const unpacked = unpackZstd(pieces(emptyBlocks(20_000), 65_536));
  assert.deepEqual(await Array.fromAsync(unpacked), []);
});
