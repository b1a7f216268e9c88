import type { Context } from "./context.ts";
import { renderColumns } from "./table.ts";

/** Forms in which data is printed. */
export type OutputFormat = "table" | "json";

/** One column of a list. */
export interface Column<T> {
  header: string;
  cell(row: T): string;
  align?: "right";
}

type Out = Pick<Context, "stdout" | "isTerminal" | "columns">;

/**
 * Prints a list: a table with a header, or one JSON array (`[]` when empty). `toJson` gives what
 * the array holds; without it, the rows themselves.
 */
export function printList<T>(
  out: Out,
  format: OutputFormat,
  rows: readonly T[],
  columns: readonly Column<T>[],
  toJson: (row: T) => unknown = (row) => row,
): void {
  switch (format) {
    case "json":
      return printJson(out, rows.map(toJson));
    case "table":
      return printTable(out, [
        columns.map((column) => column.header),
        ...rows.map((row) => columns.map((column) => column.cell(row))),
      ], columns.flatMap((column, index) => column.align === "right" ? [index] : []));
  }
}

/** Prints one thing: two columns of names and values, or one JSON document. */
export function printFacts(
  out: Out,
  format: OutputFormat,
  value: unknown,
  facts: readonly (readonly [name: string, value: string])[],
): void {
  switch (format) {
    case "json":
      return printJson(out, value);
    case "table":
      return printTable(out, facts, []);
  }
}

/** Prints one JSON document. */
export function printJson(out: Pick<Context, "stdout">, value: unknown): void {
  out.stdout(JSON.stringify(value, null, 2) + "\n");
}

function printTable(
  out: Out,
  rows: readonly (readonly string[])[],
  right: readonly number[],
): void {
  // Cut for eyes only: a program that reads the table gets all of it.
  const width = out.isTerminal.stdout ? out.columns() : undefined;
  const lines = renderColumns(rows, { right, ...(width === undefined ? {} : { width }) });
  if (lines.length > 0) out.stdout(lines.join("\n") + "\n");
}
