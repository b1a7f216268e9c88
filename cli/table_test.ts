import assert from "node:assert/strict";
import fc from "fast-check";
import { renderColumns, wrapLast } from "./table.ts";
import { displayWidth, printable, truncate } from "./text.ts";

Deno.test("renderColumns() makes columns as wide as their widest cell", () => {
  assert.deepEqual(renderColumns([["NAME", "CPUS", "ID"], ["a", "16", "x"], ["longer", "2", ""]]), [
    "NAME    CPUS  ID",
    "a       16    x",
    "longer  2",
  ]);
});

Deno.test("renderColumns() aligns columns to the right", () => {
  assert.deepEqual(renderColumns([["N", "SIZE"], ["a", "1G"]], { right: [1] }), [
    "N  SIZE",
    "a    1G",
  ]);
});

Deno.test("renderColumns() counts columns of the terminal, not characters", () => {
  assert.deepEqual(renderColumns([["日本", "|"], ["e\u0301", "|"], ["1234", "|"]]), [
    "日本  |",
    "e\u0301     |",
    "1234  |",
  ]);
});

Deno.test("renderColumns() cuts the widest cells until a line fits", () => {
  const rows = [["NAME", "IMAGE"], ["web", "https://example.org/a/long/way/disk.qcow2"]];
  assert.deepEqual(renderColumns(rows, { width: 20 }), [
    "NAME  IMAGE",
    "web   https://examp…",
  ]);
  // Nothing readable would be left: the line is longer instead.
  assert.deepEqual(renderColumns(rows, { width: 3 }), ["NAME  IMAGE", "web   https:/…"]);
});

Deno.test("renderColumns() never makes a line wider than the terminal if columns can shrink", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 30 });
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(table, fc.integer({ min: 28, max: 100 }), (rows, width) => {
    for (const line of renderColumns(rows, { width })) assert.ok(displayWidth(line) <= width);
  }));
});

Deno.test("printable() shows control characters as what they are, and keeps all others", () => {
  assert.equal(printable("\x1b]0;title\x07 é 日\t"), "\\x1b]0;title\\x07 é 日\t");
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat({ max: 0x2fff }).map((code) => String.fromCodePoint(code)) }),
      (text) => {
        // deno-lint-ignore no-control-regex -- control characters are what must be gone
        assert.doesNotMatch(printable(text), /[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
      },
    ),
  );
});

Deno.test("truncate() keeps what fits and marks what it cuts", () => {
  assert.equal(truncate("abc", 3), "abc");
  assert.equal(truncate("abcd", 3), "ab…");
  assert.equal(truncate("日本語", 4), "日…");
});

Deno.test("wrapLast() breaks the last column between words, below its beginning", () => {
  const text = "one two three four five six seven eight nine ten";
  assert.deepEqual(wrapLast([["-f", text], ["", "short"]], 34), [
    ["-f", "one two three four five six"],
    ["", "seven eight nine ten"],
    ["", "short"],
  ]);
  assert.deepEqual(wrapLast([["-f", "x".repeat(50)]], 10), [["-f", "x".repeat(50)]]);
});
