import assert from "node:assert/strict";
import { type HeaderFields, qcow2Header, setEntry } from "../testing/qcow2_header.ts";
import { Qcow2Image } from "./qcow2.ts";
import { scanQcow2 } from "./qcow2_scan.ts";
import { BufferReader } from "./random_access.ts";

const L1 = 0x10000;
const L2 = 0x20000;
const DATA = 0x30000;
const FILE_BYTES = 0x40000;

/** An image whose only second-level table begins with these entries. */
function image(entries: bigint[], fields: HeaderFields = {}): Qcow2Image {
  const bytes = qcow2Header(fields);
  setEntry(bytes, L1, BigInt(L2) | 1n << 63n);
  entries.forEach((entry, i) => setEntry(bytes, L2 + i * 8, entry));
  return new Qcow2Image(new BufferReader(bytes));
}

Deno.test("cluster() tells where a cluster is", () => {
  const copied = 1n << 63n;
  const subject = image([
    0n,
    BigInt(DATA) | copied,
    BigInt(DATA) | 1n, // preallocated, reads as zeros
    1n,
    // Compressed: offset in bits 0..53, further sectors in bits 54..61.
    (1n << 62n) | (3n << 54n) | BigInt(DATA + 700),
  ]);
  assert.deepEqual(subject.cluster(0), { kind: "zero" });
  assert.deepEqual(subject.cluster(1), { kind: "data", offset: DATA });
  assert.deepEqual(subject.cluster(2), { kind: "zero" });
  assert.deepEqual(subject.cluster(3), { kind: "zero" });
  assert.deepEqual(subject.cluster(4), {
    kind: "compressed",
    offset: DATA + 700,
    length: 4 * 512 - 188,
  });
});

Deno.test("cluster() takes bit 0 for nothing in version 2", () => {
  const subject = image([BigInt(DATA) | 1n], { version: 2 });
  assert.deepEqual(subject.cluster(0), { kind: "data", offset: DATA });
});

Deno.test("cluster() tells which parts of a cluster are data", () => {
  const extended = { incompatible: 16n };
  const subject = image([BigInt(DATA), 0xffff0000_00008001n], extended);
  assert.deepEqual(subject.cluster(0), { kind: "parts", offset: DATA, dataBits: 0x8001 });
  assert.deepEqual(image([BigInt(DATA), 0xffffffff_00000000n], extended).cluster(0), {
    kind: "zero",
  });
  assert.throws(() => image([BigInt(DATA), 0x00000001_00000001n], extended).cluster(0), {
    message: /both data and zero/,
  });
  assert.throws(() => image([0n, 1n], extended).cluster(0), { message: /no place/ });
});

Deno.test("cluster() refuses entries that point to where nothing can be", () => {
  const cases: [string, bigint, RegExp][] = [
    ["within a cluster", BigInt(DATA + 512), /beginning of a cluster/],
    ["behind the end", BigInt(FILE_BYTES), /beyond its end/],
    ["far behind the end", 0x00ff_ffff_ffff_0000n, /beyond its end/],
    ["compressed, behind the end", (1n << 62n) | BigInt(FILE_BYTES), /beyond its end/],
    ["compressed, at 2^53", (1n << 62n) | (1n << 53n), /beyond its end/],
  ];
  for (const [what, entry, message] of cases) {
    assert.throws(() => image([entry]).cluster(0), { name: "CocoonError", message }, what);
  }
});

Deno.test("tableOffset() refuses a second-level table outside of the file", () => {
  for (const offset of [FILE_BYTES, L2 + 512]) {
    const bytes = qcow2Header();
    setEntry(bytes, L1, BigInt(offset));
    const subject = new Qcow2Image(new BufferReader(bytes));
    assert.throws(() => subject.cluster(0), { name: "CocoonError" }, String(offset));
  }
});

Deno.test("scanQcow2() adds up plain and compressed data", async () => {
  const packed = (1n << 62n) | BigInt(DATA);
  const subject = image([BigInt(DATA), 0n, packed, packed]);
  assert.deepEqual(await scanQcow2(subject, FILE_BYTES), {
    plainBytes: 65536,
    compressedBytes: 2 * 65536,
  });
});

Deno.test("scanQcow2() refuses a small file that maps one cluster again and again", async () => {
  const subject = image(new Array(16).fill(BigInt(DATA)));
  await assert.rejects(scanQcow2(subject, FILE_BYTES), { message: /more clusters are mapped/ });
});

Deno.test("scanQcow2() refuses a table that is used twice", async () => {
  const bytes = qcow2Header({ size: 1n << 30n, l1Entries: 2 });
  setEntry(bytes, L1, BigInt(L2));
  setEntry(bytes, L1 + 8, BigInt(L2));
  const subject = new Qcow2Image(new BufferReader(bytes));
  await assert.rejects(scanQcow2(subject, FILE_BYTES), { message: /used twice/ });
});

Deno.test("scanQcow2() can be interrupted", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    scanQcow2(image([1n]), FILE_BYTES, AbortSignal.abort(reason)),
    (error) => error === reason,
  );
});
