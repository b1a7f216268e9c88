/**
 * `deno task test [TEXT...]`: installs what the tests need, builds the guests that they boot, runs
 * all tests (or those whose file's path has one of the texts), and checks that nothing of them is
 * left on this computer. Its last line is `N passed, N failed[, N skipped]`.
 */
import { CocoonError } from "../errors/error.ts";
import { fullGuest, smallGuest } from "../tests/guests/cache.ts";
import type { TestCase } from "./junit.ts";
import { realHost } from "../host/host.ts";
import { clearLeftovers, findLeftovers, makeRunFolder, type RunFolder } from "./leftovers.ts";
import { REPOSITORY, runTool } from "./main.ts";
import { setUp } from "./setup.ts";
import { judgeSkips } from "./skips.ts";
import { type GuestName, guestsOf, type Phase, planPhases, testFiles } from "./test_files.ts";
import { runPhase } from "./test_run.ts";

/** How many of the slowest tests are named. */
const SLOWEST = 10;

/** Guests that are built before the first test, so that no test has to wait for a build. */
const GUESTS: Record<GuestName, () => Promise<unknown>> = {
  small: () => smallGuest(),
  full: () => fullGuest(),
};

/**
 * Runs the tests.
 * @returns 0, or 1 when a test failed, something was left behind, or nothing ran
 */
export async function runTests(filters: readonly string[]): Promise<number> {
  const began = performance.now();
  const files = testFiles(REPOSITORY, filters);
  if (files.length === 0) {
    throw new CocoonError("usage", `test: no test file's path has ${filters.join(" or ")}`);
  }
  await setUp("test");
  await buildGuests(guestsOf(REPOSITORY, files));

  const folder = await makeRunFolder();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new CocoonError("interrupted", "test: interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  const cases: TestCase[] = [];
  try {
    for (const phase of planPhases(files)) {
      cases.push(...await run(phase, folder, interrupted.signal));
    }
    cases.push(...(await findLeftovers(folder)).map(leftover));
  } finally {
    await clearLeftovers(folder);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(signal, interrupt);
    }
  }
  return report(judgeSkips(cases, hasEverything()), performance.now() - began);
}

/** Whether the tests can have all that they need: what the set-up installs, and root's rights. */
function hasEverything(): boolean {
  const { which, architecture } = realHost();
  return which("apt-get") !== undefined && Deno.uid() === 0 && architecture === "x86_64";
}

async function buildGuests(names: ReadonlySet<GuestName>): Promise<void> {
  for (const name of names) {
    const began = performance.now();
    say(`guest ${name}: building it unless it is cached`);
    await GUESTS[name]();
    say(`guest ${name}: there after ${seconds(performance.now() - began)}`);
  }
}

async function run(
  phase: Phase,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<TestCase[]> {
  say(`${phase.name}: ${phase.files.length} files`);
  const began = performance.now();
  const cases = await runPhase(phase, {
    temporary: folder.path,
    // Beside the folder and not in it: there, it would be a leftover of the run.
    junitPath: `${folder.path}.xml`,
    signal,
  });
  say(`${phase.name}: ${seconds(performance.now() - began)}`);
  return cases;
}

function leftover(text: string): TestCase {
  return { file: "left behind", name: text, outcome: "failed", durationMs: 0 };
}

/** Prints the slowest and the failed tests, and as the last line the totals. */
function report(cases: readonly TestCase[], durationMs: number): number {
  const count = (outcome: TestCase["outcome"]) => {
    return cases.filter((one) => one.outcome === outcome).length;
  };
  console.log(`\nslowest tests (${seconds(durationMs)} in all):`);
  for (const one of cases.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST)) {
    console.log(`  ${seconds(one.durationMs).padStart(8)}  ${one.file}: ${one.name}`);
  }
  for (const one of cases.filter((one) => one.outcome === "failed")) {
    console.log(`failed: ${one.file}: ${one.name}`);
  }
  for (const one of cases.filter((one) => one.outcome === "skipped")) {
    console.log(`skipped: ${one.file}: ${one.name}`);
  }
  const skipped = count("skipped");
  console.log(
    `\n${count("passed")} passed, ${count("failed")} failed` +
      (skipped > 0 ? `, ${skipped} skipped` : ""),
  );
  return count("failed") > 0 || count("passed") === 0 ? 1 : 0;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function say(text: string): void {
  console.log(`\n== ${text}`);
}

if (import.meta.main) await runTool(runTests);
