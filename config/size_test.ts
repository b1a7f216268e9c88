import assert from "node:assert/strict";
import fc from "fast-check";
import { formatExactSize, formatSize, parseSize } from "./size.ts";

const GIB = 1024 ** 3;

Deno.test("parseSize() takes binary units in every spelling", () => {
  const sizes: [string, number][] = [
    ["0", 0],
    ["1024", 1024],
    ["17B", 17],
    ["512M", 512 * 1024 ** 2],
    ["2G", 2 * GIB],
    ["2g", 2 * GIB],
    ["2GB", 2 * GIB],
    ["2GiB", 2 * GIB],
    ["2gib", 2 * GIB],
    ["1.5GiB", 1.5 * GIB],
    ["0.1K", 102],
    ["8T", 8 * 1024 * GIB],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseSize(text), bytes, text);
});

Deno.test("parseSize() says what it expected when the text is no size", () => {
  const wrong = ["", " ", "G", "2Q", "2GG", "-1G", "1e3", "1.G", ".5G", "1.5", "2 G", "0x10", "٣G"];
  for (const text of [...wrong, "2GiBs", "1,5G", "2G\n", "NaN", "Infinity"]) {
    assert.throws(() => parseSize(text), {
      name: "RangeError",
      message: `expected a size such as 512M, 2G or 1.5GiB, got "${text}"`,
    });
  }
});

Deno.test("parseSize() refuses sizes that a number cannot hold exactly", () => {
  assert.equal(parseSize("8191T"), 8191 * 1024 * GIB);
  for (const text of ["8192T", "9007199254740992", "99999999999999999999G"]) {
    assert.throws(() => parseSize(text), /expected a size of less than 8192T, got/);
  }
});

Deno.test("parseSize() is linear in the number and multiplies by the unit", () => {
  fc.assert(fc.property(
    fc.nat({ max: 4_000_000 }),
    fc.constantFrom(...["", "K", "M", "G"].entries()),
    (number, [power, unit]) => {
      assert.equal(parseSize(`${number}${unit}`), number * 1024 ** power);
    },
  ));
});

Deno.test("parseSize() takes any text or throws a RangeError", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assert.ok(Number.isSafeInteger(parseSize(text)));
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }));
});

Deno.test("formatSize() gives at most one decimal, and never more than there is", () => {
  const texts: [number, string][] = [
    [0, "0B"],
    [1023, "1023B"],
    [1024, "1KiB"],
    [1.5 * GIB, "1.5GiB"],
    [2 * GIB - 1, "1.9GiB"],
    [10 * GIB, "10GiB"],
    [5000 * 1024 * GIB, "5000TiB"],
  ];
  for (const [bytes, text] of texts) assert.equal(formatSize(bytes), text);
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => {
    const shown = parseSize(formatSize(bytes));
    assert.ok(shown <= bytes && shown >= bytes * 0.9, `${bytes} is shown as ${shown}`);
  }));
});

Deno.test("formatExactSize() gives a text that parseSize() reads as the same number", () => {
  assert.equal(formatExactSize(1500 * 1024 ** 2), "1500MiB");
  assert.equal(formatExactSize(1500), "1500B");
  assert.equal(formatExactSize(0), "0B");
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => {
    assert.equal(parseSize(formatExactSize(bytes)), bytes);
  }));
});
