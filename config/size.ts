/**
 * Sizes in text, as flags and the configuration write them. Units are binary however they are
 * spelled: `2G` = `2GB` = `2GiB` = 2 x 1024^3 bytes.
 */

const LETTERS = "KMGT";

/**
 * Bytes of a size: a number, then optionally K, M, G or T, then optionally `iB` or `B`; in any
 * case. A fraction needs a unit; parts of a byte are dropped.
 * @throws {RangeError} says what was expected and what was found
 */
export function parseSize(text: string): number {
  const match = /^(\d+)(?:\.(\d+)(?=[kmgt]))?(?:([kmgt])(?:ib|b)?|b)?$/i.exec(text);
  if (match === null) {
    throw new RangeError(`expected a size such as 512M, 2G or 1.5GiB, got "${text}"`);
  }
  const [, whole = "", fraction = "", letter = ""] = match;
  const power = letter === "" ? 0 : LETTERS.indexOf(letter.toUpperCase()) + 1;
  // In whole numbers, because most decimal fractions have no exact binary value.
  const bytes = BigInt(whole + fraction) * 1024n ** BigInt(power) / 10n ** BigInt(fraction.length);
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`expected a size of less than 8192T, got "${text}"`);
  }
  return Number(bytes);
}

/**
 * A size for people, with at most one decimal, rounded down: `1.5GiB`, `512MiB`, `17B`. Whole
 * units are exact, so that `parseSize(formatSize(n))` is `n` for them.
 */
export function formatSize(bytes: number): string {
  let power = 0;
  let unit = 1;
  while (power < LETTERS.length && bytes >= unit * 1024) {
    unit *= 1024;
    power++;
  }
  if (power === 0) return `${bytes}B`;
  const tenths = Math.floor(bytes / unit * 10);
  const number = tenths % 10 === 0 ? `${tenths / 10}` : (tenths / 10).toFixed(1);
  return `${number}${LETTERS[power - 1]}iB`;
}

/** A size that `parseSize` reads as exactly this many bytes, with the largest unit that fits. */
export function formatExactSize(bytes: number): string {
  let number = bytes;
  let power = 0;
  while (power < LETTERS.length && number > 0 && number % 1024 === 0) {
    number /= 1024;
    power++;
  }
  return power === 0 ? `${number}B` : `${number}${LETTERS[power - 1]}iB`;
}
