/**
 * The start-up budget: what the commands that one calls all day may cost above an empty Deno
 * script. Measured by `deno task ok` only: a test with a time in it fails on a busy machine.
 */
import { cocoonArgv, cocoonEnv } from "../support/cocoon.ts";
import { tempHome } from "../support/temp_home.ts";

/** A command and the milliseconds that it may take longer than an empty script. */
const BUDGETS: readonly { args: readonly string[]; budgetMs: number }[] = [
  { args: ["version"], budgetMs: 10 },
  { args: ["vm", "list"], budgetMs: 15 },
];

/** Runs of each program for one median. */
const RUNS = 21;
/** A median above the budget is measured anew so often: other work on the computer ends. */
const ATTEMPTS = 3;

/** What a command took. */
export interface StartupResult {
  args: readonly string[];
  budgetMs: number;
  /** Medians of whole processes. */
  emptyMs: number;
  commandMs: number;
}

/** Measures every command; stops early at a result within its budget. */
export async function measureStartup(): Promise<StartupResult[]> {
  await using home = await tempHome();
  const empty = `${home.path}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const env = cocoonEnv(home);
  const results: StartupResult[] = [];
  for (const { args, budgetMs } of BUDGETS) {
    const programs: [string, ...string[]][] = [
      [Deno.execPath(), "run", "-A", "--no-check", empty],
      cocoonArgv(args),
    ];
    let best: StartupResult | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [emptyMs = 0, commandMs = 0] = await medians(programs, env);
      const better = best === undefined || commandMs - emptyMs < best.commandMs - best.emptyMs;
      if (better) best = { args, budgetMs, emptyMs, commandMs };
      if (best !== undefined && isWithin(best)) break;
    }
    if (best !== undefined) results.push(best);
  }
  return results;
}

/** Whether a result keeps its budget. */
export function isWithin({ commandMs, emptyMs, budgetMs }: StartupResult): boolean {
  return commandMs - emptyMs <= budgetMs;
}

/** Median times of programs that are run in turn, so that a busy moment meets all of them. */
async function medians(
  programs: readonly [string, ...string[]][],
  env: Record<string, string>,
): Promise<number[]> {
  const times = programs.map((): number[] => []);
  // The first round fills the caches and the home, and does not count.
  for (let round = 0; round <= RUNS; round++) {
    for (const [index, [program, ...args]] of programs.entries()) {
      const began = performance.now();
      const { success, stderr } = await new Deno.Command(program, { args, env, clearEnv: true })
        .output();
      if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
      if (round > 0) times[index]?.push(performance.now() - began);
    }
  }
  return times.map((list) => list.toSorted((a, b) => a - b)[RUNS >> 1] ?? NaN);
}
