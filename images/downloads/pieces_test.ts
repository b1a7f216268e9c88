import assert from "node:assert/strict";
import { isDone, PieceMap } from "./pieces.ts";

Deno.test("PieceMap covers a file, and gives each piece to one", () => {
  const map = new PieceMap(25, 10);
  assert.deepEqual(map.pieces.map(({ start, end }) => [start, end]), [[0, 10], [10, 20], [20, 25]]);
  const [first, second] = [map.take(), map.take()];
  assert.deepEqual([first?.start, second?.start], [0, 10]);
  assert.equal(map.takeAt(10), undefined);
  assert.equal(map.takeAt(20)?.start, 20);
  assert.equal(map.take(), undefined);
  assert.equal(map.takeAt(30), undefined);
  if (first) first.taken = false;
  assert.equal(map.take(), first);
});

Deno.test("PieceMap knows how much there is, and how much without a gap", () => {
  const map = new PieceMap(25, 10, [[10, 1], [3, 2], [5, 3]]);
  assert.deepEqual([map.prefixBytes, map.doneBytes, map.isComplete], [13, 18, false]);
  const middle = map.take();
  assert.ok(middle !== undefined && !isDone(middle));
  assert.deepEqual([middle.start, middle.doneBytes, middle.crc32], [10, 3, 2]);
  assert.equal(map.takeAt(10), undefined); // begun: not for who reads from its first byte
  middle.doneBytes = 10;
  assert.deepEqual([map.prefixBytes, map.isComplete], [25, true]);
  assert.equal(map.take(), undefined);
  assert.deepEqual(map.states(), [[10, 1], [10, 2], [5, 3]]);
  assert.equal(new PieceMap(0, 10).isComplete, true);
});
