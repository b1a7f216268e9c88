import { displayWidth, isPlain, printable, truncate } from "./text.ts";

/** Spaces between two columns. */
const GAP = "  ";

/** No column is cut below this; a header or a short id stays readable. */
const MINIMUM_COLUMN = 8;

/** Layout of a table. */
export interface TableOptions {
  /** Columns of the terminal; longer lines are cut. Without it, nothing is. */
  width?: number;
  /** Indexes of the columns that are aligned to the right. */
  right?: readonly number[];
}

/** Lines of a table whose columns are as wide as their widest cell. The last is not padded. */
export function renderColumns(
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string[] {
  // Asked once of all cells: one after the other, the cells of a long list cost 5 ms.
  const plain = isPlain(rows.flat().join(""));
  const widthOf = plain ? (text: string) => text.length : displayWidth;
  const cells = plain
    ? rows
    : rows.map((row) => row.map((cell) => printable(cell).replaceAll("\t", " ")));
  const widths = fit(naturalWidths(cells, widthOf), options.width);
  const right = widths.map((_, index) => options.right?.includes(index) ?? false);
  return cells.map((row) =>
    row.map((cell, index) => {
      const width = widths[index] ?? 0;
      const text = widthOf(cell) > width ? truncate(cell, width) : cell;
      // Padding counts characters, of which there may be more or less than columns.
      const length = width - widthOf(text) + text.length;
      return right[index] ? text.padStart(length) : text.padEnd(length);
    }).join(GAP).trimEnd()
  );
}

function naturalWidths(
  rows: readonly (readonly string[])[],
  widthOf: (text: string) => number,
): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return widths;
}

/** Takes columns from the widest cell until the line fits, or until all are at the minimum. */
function fit(natural: readonly number[], width: number | undefined): number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  const gaps = GAP.length * Math.max(0, widths.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, gaps) - width;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MINIMUM_COLUMN) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
    excess--;
  }
  return widths;
}

/** What wide columns leave to the last one at least. */
const MINIMUM_LAST_COLUMN = 30;

/** The rows with the text of their last column broken into as many rows as `width` makes needed. */
export function wrapLast(rows: readonly (readonly string[])[], width: number): string[][] {
  const widths = naturalWidths(rows.map((row) => row.slice(0, -1)), displayWidth);
  const taken = widths.reduce((sum, each) => sum + each + GAP.length, 0);
  const room = Math.max(MINIMUM_LAST_COLUMN, width - taken);
  return rows.flatMap((row) =>
    wrapText(row.at(-1) ?? "", room).map((line, index) => [
      ...row.slice(0, -1).map((cell) => index === 0 ? cell : ""),
      line,
    ])
  );
}

/** Lines of at most `width` columns, broken between words; a longer word has its own line. */
function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
