/**
 * `deno task bench [NAME...] [--rounds N] [--output table|json]`: measures cocoon against programs
 * that do the same, in the same rounds. Data on standard output, progress on standard error.
 */
import { parseArgs } from "./lib/arguments.ts";
import { currentLoad, describeComputer } from "./lib/computer.ts";
import { type Report, toTable } from "./lib/report.ts";
import { runTool } from "../tools/main.ts";
import { create } from "./create.ts";
import { importQcow2 } from "./import.ts";
import { list } from "./list.ts";
import { oci } from "./oci.ts";
import { pull } from "./pull.ts";
import { start } from "./start.ts";
import { supervisor } from "./supervisor.ts";

const BENCHMARKS = [list, create, start, importQcow2, pull, oci, supervisor];

await runTool(async (args) => {
  const wish = parseArgs(args, BENCHMARKS);
  const report: Report = { computer: await describeComputer(), benchmarks: [] };
  for (const benchmark of wish.benchmarks) {
    const rounds = wish.rounds ?? benchmark.rounds;
    console.error(`${benchmark.name}: ${benchmark.about} (${rounds} rounds)`);
    const { name, about } = benchmark;
    report.benchmarks.push({ name, about, rows: await benchmark.run(rounds) });
  }
  report.computer.load.after = currentLoad();
  console.log(wish.output === "json" ? JSON.stringify(report, null, 2) : toTable(report));
  return 0;
});
