import assert from "node:assert/strict";
import fc from "fast-check";
import { Scrollback } from "./scrollback.ts";

Deno.test("Scrollback keeps the last bytes of whatever comes, in any pieces", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 40 });
  fc.assert(fc.property(pieces, fc.integer({ min: 1, max: 16 }), (all, maxBytes) => {
    const scrollback = new Scrollback(maxBytes);
    const came: number[] = [];
    for (const piece of all) {
      scrollback.append(piece);
      came.push(...piece);
      assert.deepEqual([...scrollback.bytes()], came.slice(-maxBytes));
    }
  }));
});

Deno.test("Scrollback.bytes() is a copy that later output does not change", () => {
  const scrollback = new Scrollback(2);
  scrollback.append(Uint8Array.of(1, 2));
  const before = scrollback.bytes();
  for (let byte = 3; byte < 10; byte++) scrollback.append(Uint8Array.of(byte));
  assert.deepEqual([...before], [1, 2]);
});

Deno.test("Scrollback.reset() forgets what came before", () => {
  const scrollback = new Scrollback(4);
  scrollback.append(Uint8Array.of(1, 2, 3));
  scrollback.reset(Uint8Array.of(4));
  assert.deepEqual([...scrollback.bytes()], [4]);
});
