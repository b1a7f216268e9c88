import assert from "node:assert/strict";
import { unifiedKernelImage } from "./uki.ts";

/** A PE file with one section of 0x300 bytes at address 0x1000 and room for `room` headers. */
function stub(room: number): Uint8Array {
  const data = new Uint8Array(0x400 + 0x400);
  const view = new DataView(data.buffer);
  const pe = 0x40;
  const table = pe + 24 + 0xf0;
  view.setUint32(0x3c, pe, true);
  data.set(new TextEncoder().encode("PE\0\0"), pe);
  view.setUint16(pe + 6, 1, true);
  view.setUint16(pe + 20, 0xf0, true);
  view.setUint32(pe + 24 + 32, 0x200, true);
  view.setUint32(pe + 24 + 36, 0x200, true);
  view.setUint32(pe + 24 + 56, 0x2000, true);
  view.setUint32(pe + 24 + 60, table + 40 * (1 + room), true);
  data.set(new TextEncoder().encode(".text"), table);
  view.setUint32(table + 8, 0x300, true);
  view.setUint32(table + 12, 0x1000, true);
  view.setUint32(table + 16, 0x400, true);
  view.setUint32(table + 20, 0x400, true);
  data.fill(0xcc, 0x400);
  return data;
}

function sections(image: Uint8Array): { name: string; address: number; text: string }[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const pe = view.getUint32(0x3c, true);
  return Array.from({ length: view.getUint16(pe + 6, true) }, (_, i) => {
    const at = pe + 24 + view.getUint16(pe + 20, true) + 40 * i;
    const size = view.getUint32(at + 8, true);
    const from = view.getUint32(at + 20, true);
    assert.ok(from + view.getUint32(at + 16, true) <= image.length, "its data is in the file");
    return {
      name: new TextDecoder().decode(image.subarray(at, at + 8)).replaceAll("\0", ""),
      address: view.getUint32(at + 12, true),
      text: new TextDecoder().decode(image.subarray(from, from + size)),
    };
  });
}

const PARTS = {
  kernel: new TextEncoder().encode("K".repeat(5000)),
  initrd: new TextEncoder().encode("I".repeat(10)),
  commandLine: "quiet",
};

Deno.test("unifiedKernelImage() adds page-aligned sections that do not overlap", () => {
  const image = unifiedKernelImage({ stub: stub(3), ...PARTS });
  const [text, ...added] = sections(image);
  assert.equal(text?.text.length, 0x300);
  assert.deepEqual(added, [
    { name: ".cmdline", address: 0x2000, text: "quiet\0" },
    { name: ".linux", address: 0x3000, text: "K".repeat(5000) },
    { name: ".initrd", address: 0x5000, text: "I".repeat(10) },
  ]);
  // The size of the image in memory covers the last section.
  assert.equal(new DataView(image.buffer).getUint32(0x40 + 24 + 56, true), 0x6000);
});

Deno.test("unifiedKernelImage() refuses a stub without room for three headers", () => {
  assert.throws(() => unifiedKernelImage({ stub: stub(2), ...PARTS }), /no room for more sections/);
});

Deno.test("unifiedKernelImage() refuses what is no PE file", () => {
  for (const size of [0, 10, 4096]) {
    const noStub = { stub: new Uint8Array(size), ...PARTS };
    assert.throws(() => unifiedKernelImage(noStub), /not a PE executable/);
  }
});
