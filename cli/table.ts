import { displayWidth, printable, truncate } from "./text.ts";

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
  const cells = rows.map((row) => row.map((cell) => printable(cell).replaceAll("\t", " ")));
  const widths = fit(naturalWidths(cells), options.width);
  return cells.map((row) =>
    row.map((cell, index) => {
      const width = widths[index] ?? 0;
      const text = truncate(cell, width);
      const space = " ".repeat(Math.max(0, width - displayWidth(text)));
      return options.right?.includes(index) ? space + text : text + space;
    }).join(GAP).trimEnd()
  );
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
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
