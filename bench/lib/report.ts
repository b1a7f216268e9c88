import { renderColumns } from "../../cli/table.ts";
import type { Computer } from "./computer.ts";
import { isWithin, type Row } from "./result.ts";

/** Everything that one run found; what `--output json` prints. */
export interface Report {
  computer: Computer;
  benchmarks: { name: string; about: string; rows: Row[] }[];
}

const HEADER = ["", "median", "least", "greatest", "against", "ratio", "difference", "budget"];

/** The report for people. */
export function toTable({ computer, benchmarks }: Report): string {
  const { load } = computer;
  const lines = [
    `cocoon ${computer.cocoon} from source, Deno ${computer.deno}, QEMU ${computer.qemu}`,
    `${computer.system}; ${computer.processor}, ${computer.cpus} CPUs, ` +
    inUnit(computer.memoryBytes, "bytes"),
    `${computer.at}; load ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after`,
  ];
  for (const { name, about, rows } of benchmarks) {
    const cells = [HEADER, ...rows.map(cellsOf)];
    lines.push("", `${name}: ${about}`, ...renderColumns(cells, { right: [1, 2, 3, 5, 6, 7] }));
  }
  return lines.join("\n");
}

function cellsOf(row: Row): string[] {
  const within = isWithin(row);
  const budget = row.budget === undefined ? "" : `+${inUnit(row.budget, row.unit)}`;
  return [
    row.what,
    inUnit(row.median, row.unit),
    // Of a value that is a median itself, nothing else is known.
    row.runs === 1 ? "" : inUnit(row.least, row.unit),
    row.runs === 1 ? "" : inUnit(row.greatest, row.unit),
    row.peer ?? "",
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
    row.difference === undefined
      ? ""
      : `${row.difference < 0 ? "-" : "+"}${inUnit(Math.abs(row.difference), row.unit)}`,
    within === undefined ? "" : `${budget} ${within ? "kept" : "MISSED"}`,
  ];
}

function inUnit(value: number, unit: Row["unit"]): string {
  if (unit === "bytes") return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  return value < 10_000 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`;
}
