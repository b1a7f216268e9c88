import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, MAX_DURATION_MS, parseDuration } from "./duration.ts";

Deno.test("parseDuration() takes numbers with units, from the largest to the smallest", () => {
  const times: [string, number][] = [
    ["0s", 0],
    ["500ms", 500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1H30M", 5_400_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["100m", 6_000_000],
  ];
  for (const [text, ms] of times) assert.equal(parseDuration(text), ms, text);
});

Deno.test("parseDuration() says what it expected when the text is no time", () => {
  for (const text of ["", "90", "s", "5 m", "30m1h", "1h1h", "-5s", "1.5h", "5x", "5m\n", "٣s"]) {
    assert.throws(() => parseDuration(text), {
      name: "RangeError",
      message: `expected a time such as 90s, 1h30m or 500ms, got "${text}"`,
    });
  }
});

Deno.test("parseDuration() refuses times that a timer would cut", () => {
  assert.equal(parseDuration(`${MAX_DURATION_MS}ms`), MAX_DURATION_MS);
  for (const text of ["25d", "2147483648ms", `${"9".repeat(400)}s`]) {
    assert.throws(() => parseDuration(text), /expected a time of at most 24d, got/);
  }
});

Deno.test("formatDuration() gives a text that parseDuration() reads as the same time", () => {
  assert.equal(formatDuration(5_400_000), "1h30m");
  assert.equal(formatDuration(0), "0s");
  fc.assert(fc.property(fc.nat({ max: MAX_DURATION_MS }), (ms) => {
    assert.equal(parseDuration(formatDuration(ms)), ms);
  }));
});
