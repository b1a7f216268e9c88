import assert from "node:assert/strict";
import { parseRange } from "./range.ts";

Deno.test("parseRange() gives the bytes of a range, and nothing for what is none", () => {
  assert.deepEqual(parseRange("bytes=0-0", 10), { start: 0, end: 1 });
  assert.deepEqual(parseRange("bytes=4-", 10), { start: 4, end: 10 });
  assert.deepEqual(parseRange("bytes=4-99", 10), { start: 4, end: 10 });
  for (const header of [null, "", "bytes=-3", "bytes=10-", "bytes=5-4", "bytes=0-1,3-4", "x=1-2"]) {
    assert.equal(parseRange(header, 10), undefined, String(header));
  }
});
