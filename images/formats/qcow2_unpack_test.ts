import assert from "node:assert/strict";
import { deflateRawSync, zstdCompressSync } from "node:zlib";
import { pseudoRandom } from "../testing/qemu_img.ts";
import { unpackCluster } from "./qcow2_unpack.ts";

const CLUSTER = 65536;

function sectors(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  // What follows a packed cluster in its last sector is the next one.
  const bytes = pseudoRandom(Math.ceil((packed.length + 1) / 512) * 512, 9);
  bytes.set(packed);
  return bytes;
}

const PACK = { zlib: deflateRawSync, zstd: zstdCompressSync };

for (const kind of ["zlib", "zstd"] as const) {
  Deno.test(`unpackCluster() unpacks ${kind} with anything behind it`, () => {
    const cases = [new Uint8Array(CLUSTER).fill(7), pseudoRandom(CLUSTER, 1), pseudoRandom(512, 2)];
    for (const cluster of cases) {
      const packed = sectors(PACK[kind](cluster));
      assert.deepEqual(
        new Uint8Array(unpackCluster(packed, cluster.length, kind)),
        new Uint8Array(cluster),
      );
    }
  });

  Deno.test(`unpackCluster() refuses ${kind} of another length`, () => {
    for (const length of [0, 1, CLUSTER - 1, CLUSTER + 1, 16 * CLUSTER]) {
      const packed = sectors(PACK[kind](new Uint8Array(length).fill(1)));
      assert.throws(
        () => unpackCluster(packed, CLUSTER, kind),
        { name: "CocoonError", message: /damaged or cut off/ },
        `${length} bytes`,
      );
    }
  });

  Deno.test(`unpackCluster() refuses what is no ${kind}`, () => {
    const packed = pseudoRandom(1024, 3);
    assert.throws(() => unpackCluster(packed, CLUSTER, kind), { name: "CocoonError" });
    assert.throws(() => unpackCluster(new Uint8Array(), CLUSTER, kind), { name: "CocoonError" });
  });
}
