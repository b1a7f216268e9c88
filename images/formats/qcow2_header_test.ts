import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { type HeaderFields, qcow2Header } from "../testing/qcow2_header.ts";
import { readQcow2Header } from "./qcow2_header.ts";
import { BufferReader } from "./random_access.ts";

function read(fields: HeaderFields, patch?: (bytes: Uint8Array<ArrayBuffer>) => void) {
  const bytes = qcow2Header(fields);
  patch?.(bytes);
  return readQcow2Header(new BufferReader(bytes));
}

Deno.test("readQcow2Header() reads what a reader needs", () => {
  assert.deepEqual(read({}), {
    version: 3,
    clusterBits: 16,
    virtualBytes: 1 << 20,
    l1Entries: 1,
    l1Offset: 0x10000,
    refcountOffset: 0,
    refcountBytes: 0,
    compression: "zlib",
    extendedL2: false,
  });
  const counted = read({ refcountOffset: 0x30000n, refcountClusters: 2 });
  assert.deepEqual([counted.refcountOffset, counted.refcountBytes], [0x30000, 0x20000]);
  assert.equal(read({ incompatible: 8n, compression: 1 }).compression, "zstd");
  assert.equal(read({ incompatible: 16n }).extendedL2, true);
  assert.equal(read({ version: 2, incompatible: 0xffffn }).version, 2); // no features before 3
  assert.equal(read({ incompatible: 1n }).version, 3); // dirty: only reference counts
});

/** One line of the table: what is wrong, what the message must say. */
const REFUSED: [string, HeaderFields, RegExp][] = [
  ["another magic", { magic: 0x51464900 }, /not a qcow2 image/],
  ["version 1", { version: 1 }, /version 1; only 2 and 3/],
  ["version 4", { version: 4 }, /version 4/],
  ["encryption by AES", { encryption: 1 }, /encrypted/],
  ["encryption by LUKS", { encryption: 2 }, /encrypted/],
  ["a corrupt mark", { incompatible: 2n }, /marked as corrupt/],
  ["an external data file", { incompatible: 4n }, /in another file/],
  ["an unknown feature", { incompatible: 1n << 5n }, /incompatible bits 0x20/],
  ["a far unknown feature", { incompatible: 1n << 63n }, /0x8000000000000000/],
  ["clusters of 256 bytes", { clusterBits: 8 }, /clusters of 2\^8/],
  ["clusters of 4 MiB", { clusterBits: 22 }, /clusters of 2\^22/],
  ["huge clusters", { clusterBits: 0xffffffff }, /clusters of 2\^4294967295/],
  ["small clusters with extended L2", { clusterBits: 13, incompatible: 16n }, /clusters of 2\^13/],
  ["an empty disk", { size: 0n }, /empty disk/],
  ["a disk above the limit", { size: (1n << 40n) + 1n }, /claims a disk of 1099511627777 bytes/],
  ["a disk of 2^64 bytes", { size: 0xffffffffffffffffn }, /claims a disk/],
  ["a short L1 table", { size: 1n << 34n }, /1 first-level entries where 32 are needed/],
  ["an L1 table of 32 GiB", { l1Entries: 0xffffffff }, /first-level table of 4294967295/],
  [
    "a disk whose clusters need too large a table",
    { clusterBits: 9, size: 1n << 40n },
    /first-level/,
  ],
  ["an L1 table within a cluster", { l1Offset: 0x10200n }, /beginning of a cluster/],
  ["an L1 table in the header", { l1Offset: 0n }, /beginning of a cluster/],
  ["an L1 table behind the end", { l1Offset: 0x40000n }, /beyond the end/],
  ["an L1 table at 2^63", { l1Offset: 1n << 63n }, /beyond the end/],
  ["a short version 3 header", { headerBytes: 72 }, /header of 72 bytes/],
  ["a compression of tomorrow", { incompatible: 8n, compression: 2 }, /compression type 2/],
  ["zstd without its feature bit", { compression: 1 }, /compression type 1/],
  ["the feature bit without zstd", { incompatible: 8n }, /compression type 0/],
];

Deno.test("readQcow2Header() refuses what it cannot read, by name", () => {
  for (const [what, fields, message] of REFUSED) {
    assert.throws(() => read(fields), (error) => {
      assert.ok(error instanceof CocoonError, what);
      assert.equal(error.code, "failed", what);
      assert.match(error.message, message, what);
      return true;
    });
  }
});

Deno.test("readQcow2Header() names the backing file, escaped", () => {
  const name = new TextEncoder().encode("base\x1b[2J.img");
  assert.throws(
    () => read({ backingOffset: 200n, backingBytes: name.length }, (bytes) => bytes.set(name, 200)),
    { message: 'the qcow2 image needs a backing file ("base\\u001b[2J.img")' },
  );
  // A name that lies nowhere and is longer than allowed.
  assert.throws(
    () => read({ backingOffset: 1n << 62n, backingBytes: 0xffffffff }),
    { message: 'the qcow2 image needs a backing file ("")' },
  );
});

Deno.test("readQcow2Header() refuses a file that ends within the header", () => {
  const whole = qcow2Header();
  for (const length of [0, 4, 71, 72, 100, 103]) {
    const cut = new BufferReader(whole.subarray(0, length));
    assert.throws(() => readQcow2Header(cut), CocoonError, `${length} bytes`);
  }
});
