/**
 * The text without control characters, which could move the cursor or recolour the terminal when
 * they come from a guest, a file name or a server.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, escape);
}

function escape(character: string): string {
  return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
}

/** Whether the text is printable ASCII alone: shown as it is, one column a character. */
export function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** Columns that a terminal uses for the text: 0 for combining marks, 2 for wide characters. */
export function displayWidth(text: string): number {
  // deno-lint-ignore no-control-regex -- the range of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/^[\p{Mark}\u200b-\u200d]$/u.test(character)) continue;
    width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  }
  return width;
}

/** The text cut to `width` columns, with an ellipsis if something is cut. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Blocks of Unicode's East_Asian_Width W and F that names may hold; Unicode Annex 11. */
const WIDE_RANGES: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

function isWide(codePoint: number): boolean {
  return WIDE_RANGES.some(([first, last]) => codePoint >= first && codePoint <= last);
}
