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

Deno.test("scanQcow2() refuses a second-level table that is something else", async () => {
  const refcounts = { refcountOffset: BigInt(DATA), refcountClusters: 1 };
  for (const [offset, what] of [[L1, "the first-level"], [DATA, "the table of ref"]] as const) {
    const bytes = qcow2Header(refcounts);
    setEntry(bytes, L1, BigInt(offset) | 1n << 63n);
    const subject = new Qcow2Image(new BufferReader(bytes));
    const message = new RegExp(`a second-level table lies on ${what}`);
    await assert.rejects(scanQcow2(subject, FILE_BYTES), { name: "CocoonError", message });
  }
});

Deno.test("scanQcow2() refuses data that is a structure of the file", async () => {
  const refcounts = { refcountOffset: BigInt(DATA), refcountClusters: 1 };
  const cases: [entries: bigint[], fields: HeaderFields, what: string][] = [
    [[BigInt(L1)], {}, "the first-level table"],
    [[BigInt(L2)], {}, "a second-level table"],
    [[BigInt(DATA), BigInt(L2)], {}, "a second-level table"],
    [[BigInt(DATA)], refcounts, "the table of reference counts"],
    [[(1n << 62n) | 600n], {}, "the header"],
    [[(1n << 62n) | BigInt(L2 + 600)], {}, "a second-level table"],
    [[BigInt(L2), 0xffffn], { incompatible: 16n }, "a second-level table"],
  ];
  for (const [entries, fields, what] of cases) {
    await assert.rejects(
      scanQcow2(image(entries, fields), FILE_BYTES),
      { name: "CocoonError", message: new RegExp(`a cluster of the disk lies on ${what}`) },
      what,
    );
  }
});

Deno.test("scanQcow2() tells data among many tables from data on one", async () => {
  // Tables and data alternate: table N at 0x20000 + N * 0x20000, its data behind it.
  const tables = 9;
  const make = (patch?: [table: number, offset: number]) => {
    const bytes = new Uint8Array(L2 + tables * 0x20000);
    bytes.set(qcow2Header({ size: BigInt(tables) << 29n, l1Entries: tables }).subarray(0, L2));
    for (let i = 0; i < tables; i++) {
      const at = L2 + i * 0x20000;
      setEntry(bytes, L1 + i * 8, BigInt(at));
      setEntry(bytes, at, BigInt(patch?.[0] === i ? patch[1] : at + 0x10000));
    }
    return new Qcow2Image(new BufferReader(bytes));
  };
  assert.equal((await scanQcow2(make(), 1 << 22)).plainBytes, tables * 65536);
  for (let on = 0; on < tables; on++) {
    for (const from of [0, 4, 8]) {
      const subject = make([from, L2 + on * 0x20000]);
      await assert.rejects(scanQcow2(subject, 1 << 22), { message: /lies on a second-level/ });
    }
  }
});

Deno.test("scanQcow2() can be interrupted", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    scanQcow2(image([1n]), FILE_BYTES, AbortSignal.abort(reason)),
    (error) => error === reason,
  );
});
