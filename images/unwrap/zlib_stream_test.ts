import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { CocoonError } from "../../errors/error.ts";
import { pseudoRandom } from "../testing/qemu_img.ts";
import { joined, pieces } from "../testing/tar_header.ts";
import { unpackZstd } from "./zlib_stream.ts";

/** Content of several zstd blocks that compresses a little. */
const CONTENT = joined(pseudoRandom(300_000, 1), new Uint8Array(300_000), pseudoRandom(100, 2));

function pack(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(zstdCompressSync(bytes));
}

async function unpack(packed: Uint8Array, pieceBytes = 10_000): Promise<Uint8Array> {
  return joined(...await Array.fromAsync(unpackZstd(pieces(packed, pieceBytes)), (p) => p.slice()));
}

Deno.test("unpackZstd() unpacks all frames, and passes over those to be skipped", async () => {
  const skipped = new Uint8Array([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const packed = joined(
    skipped,
    pack(CONTENT),
    skipped,
    pack(CONTENT.subarray(0, 5)),
    pack(CONTENT),
  );
  const expected = joined(CONTENT, CONTENT.subarray(0, 5), CONTENT);
  for (const length of [7, 4096, 1_000_000]) {
    assert.deepEqual(await unpack(packed, length), expected);
  }
  assert.deepEqual(await unpack(new Uint8Array()), new Uint8Array());
});

Deno.test("unpackZstd() refuses an end in the middle, which the runtime takes for the end", async () => {
  const packed = joined(pack(CONTENT), pack(CONTENT));
  const frame = packed.length / 2;
  for (const length of [3, 5, 100, frame - 1, frame + 2, frame + 9, packed.length - 1]) {
    await assert.rejects(unpack(packed.subarray(0, length)), {
      message: "its zstd data is damaged or cut off: it ends in the middle of a frame",
    });
  }
  const mark = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 9]);
  await assert.rejects(unpack(joined(packed, mark)), { message: /middle of a frame/ });
  await assert.rejects(unpack(joined(packed, mark.fill(1))), { message: /something else follows/ });
});

Deno.test("unpackZstd() tells of damage, which the runtime throws where nobody catches it", async () => {
  const packed = pack(CONTENT);
  for (let at = 4; at < packed.length; at += Math.floor(packed.length / 40)) {
    const damaged = packed.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    try {
      // Without a checksum a changed byte of the content is no damage.
      const { length } = await unpack(damaged);
      assert.equal(length, CONTENT.length, String(at));
    } catch (error) {
      assert.ok(error instanceof CocoonError, `${at}: ${error}`);
      assert.match(error.message, /its zstd data is damaged or cut off/);
    }
  }
});

Deno.test("unpackZstd() hands on what its source throws", async () => {
  const reason = new Error("enough");
  const packed = pack(CONTENT);
  const source = async function* () {
    yield* pieces(packed.subarray(0, 200_000), 10_000);
    throw reason;
  };
  await assert.rejects(Array.fromAsync(unpackZstd(source())), (error) => error === reason);
});
