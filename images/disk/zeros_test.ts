import assert from "node:assert/strict";
import fc from "fast-check";
import { HOLE_BYTES } from "../limits.ts";
import { dataRuns, isZero } from "./zeros.ts";

Deno.test("isZero() sees a single byte anywhere, and only between its bounds", () => {
  const bytes = new Uint8Array(3 * 1024 * 1024);
  assert.equal(isZero(bytes, 0, bytes.length), true);
  for (const at of [0, 1, 1024 * 1024 - 1, 1024 * 1024, bytes.length - 1]) {
    bytes[at] = 1;
    assert.equal(isZero(bytes, 0, bytes.length), false, String(at));
    assert.equal(isZero(bytes, 0, at), true);
    assert.equal(isZero(bytes, at + 1, bytes.length), true);
    bytes[at] = 0;
  }
  assert.equal(isZero(bytes.subarray(7, 9), 0, 2), true);
});

Deno.test("dataRuns() covers all that is not zero, in order, and no zero block", () => {
  const block = fc.constantFrom("zero", "first", "last", "full");
  fc.assert(
    fc.property(fc.array(block, { maxLength: 20 }), fc.nat(HOLE_BYTES - 1), (blocks, tail) => {
      const bytes = new Uint8Array(blocks.length * HOLE_BYTES + tail);
      blocks.forEach((kind, i) => {
        const part = bytes.subarray(i * HOLE_BYTES, (i + 1) * HOLE_BYTES);
        if (kind === "full") part.fill(1);
        if (kind === "first") part[0] = 1;
        if (kind === "last") part[HOLE_BYTES - 1] = 1;
      });
      if (tail > 0) bytes[bytes.length - 1] = 1;
      const covered = new Uint8Array(bytes.length);
      let last = -1;
      for (const { start, end } of dataRuns(bytes)) {
        assert.ok(start > last && end > start, "runs are in order and do not touch");
        last = end;
        covered.fill(1, start, end);
      }
      for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
        const end = Math.min(at + HOLE_BYTES, bytes.length);
        assert.equal(covered[at] === 1, !isZero(bytes, at, end));
        assert.equal(covered[end - 1], covered[at]);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
