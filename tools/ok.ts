/**
 * `deno task ok`: the whole gate. Format, lint, types and the direction of imports are tests of
 * `tests/house` and run with all others; only the start-up budget, which is a measurement, is
 * added here.
 */
import { isWithin, measureStartup } from "../tests/house/startup.ts";
import { runTool } from "./main.ts";
import { runTests } from "./test.ts";

await runTool(async () => {
  console.log("\n== start-up budget: medians, against an empty script");
  let late = 0;
  for (const result of await measureStartup()) {
    const { args, budgetMs, commandMs, emptyMs } = result;
    if (!isWithin(result)) late++;
    console.log(
      `${isWithin(result) ? "ok  " : "LATE"} cocoon ${args.join(" ")}: ` +
        `${commandMs.toFixed(1)} ms, +${(commandMs - emptyMs).toFixed(1)} ` +
        `(${(commandMs / emptyMs).toFixed(2)}x; budget +${budgetMs} ms)`,
    );
  }
  const code = await runTests([]);
  return late > 0 ? 1 : code;
});
