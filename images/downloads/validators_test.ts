import assert from "node:assert/strict";
import { contradicts, ifRange, parseContentRange, strongValidators } from "./validators.ts";

const OLD = new Date(1e12).toUTCString();
const LATER = new Date(1e12 + 1000).toUTCString();

function headers(values: Record<string, string>): Headers {
  return new Headers(values);
}

Deno.test("strongValidators() takes what tells versions apart, and nothing weaker", () => {
  assert.deepEqual(strongValidators(headers({ etag: '"a-1"' })), { etag: '"a-1"' });
  for (const etag of ['W/"a"', "a", '"a', '"a"b"']) {
    assert.deepEqual(strongValidators(headers({ etag })), {}, etag);
  }
  const dated = { "last-modified": OLD, date: LATER };
  assert.deepEqual(strongValidators(headers(dated)), { lastModified: OLD });
  assert.deepEqual(strongValidators(headers({ ...dated, date: OLD })), {});
  assert.deepEqual(strongValidators(headers({ "last-modified": OLD })), {});
  assert.deepEqual(strongValidators(headers({ ...dated, "last-modified": "long ago" })), {});
});

Deno.test("ifRange() prefers the ETag", () => {
  assert.equal(ifRange({ etag: '"a"', lastModified: OLD }), '"a"');
  assert.equal(ifRange({ lastModified: OLD }), OLD);
  assert.equal(ifRange({}), undefined);
});

Deno.test("contradicts() sees another version in what is said, and not in what is not said", () => {
  const known = { etag: '"a"', lastModified: OLD };
  assert.equal(contradicts(known, headers({})), false);
  assert.equal(contradicts(known, headers({ etag: '"a"', "last-modified": LATER })), false);
  assert.equal(contradicts(known, headers({ etag: '"b"', "last-modified": OLD })), true);
  assert.equal(contradicts(known, headers({ "last-modified": LATER })), true);
  assert.equal(contradicts({ lastModified: OLD }, headers({ "last-modified": OLD })), false);
});

Deno.test("parseContentRange() reads ranges of bytes, and nothing else", () => {
  assert.deepEqual(parseContentRange("bytes 0-9/100"), { start: 0, end: 10, totalBytes: 100 });
  assert.deepEqual(parseContentRange("Bytes 5-5/*"), { start: 5, end: 6 });
  for (const text of [null, "", "bytes */100", "bytes 0-9", "bytes -9/100", "lines 0-9/100"]) {
    assert.equal(parseContentRange(text), undefined, String(text));
  }
  assert.equal(parseContentRange("bytes 0-99999999999999999999/1"), undefined);
});
