/** Times in text, as flags and the configuration write them. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** The longest time that a timer takes (2^31 - 1 ms, about 24 days); beyond it fires at once. */
export const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * Milliseconds of a time: one or more whole numbers with a unit (`d`, `h`, `m`, `s`, `ms`), from
 * the largest unit to the smallest: `90s`, `1h30m`, `500ms`, `0s`. A number alone has no meaning.
 * @throws {RangeError} says what was expected and what was found
 */
export function parseDuration(text: string): number {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/i.exec(text);
  if (match === null || text === "") {
    throw new RangeError(`expected a time such as 90s, 1h30m or 500ms, got "${text}"`);
  }
  const milliseconds = UNITS.reduce(
    (sum, [, factor], index) => sum + Number(match[index + 1] ?? 0) * factor,
    0,
  );
  if (milliseconds > MAX_DURATION_MS) {
    throw new RangeError(`expected a time of at most 24d, got "${text}"`);
  }
  return milliseconds;
}

/** A text that {@linkcode parseDuration} reads as this many milliseconds. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  let text = "";
  for (const [unit, factor] of UNITS) {
    const count = Math.floor(rest / factor);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * factor;
  }
  return text === "" ? "0s" : text;
}
