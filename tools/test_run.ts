/** Runs one phase of the tests: one `deno test`, and what its report says. */
import type { Phase } from "./test_files.ts";
import { parseJunit, type TestCase } from "./junit.ts";
import { REPOSITORY } from "./main.ts";

/** Milliseconds that a phase may take; one that hangs is killed and counts as a failure. */
const PHASE_TIMEOUT_MS = 40 * 60_000;

/** Options of {@linkcode runPhase}. */
export interface RunOptions {
  /** Temporary folder of the run, given to the tests as `TMPDIR`. */
  temporary: string;
  /** Where the report is written; not below `temporary`. */
  junitPath: string;
  /** @default {REPOSITORY} */
  root?: string;
  timeoutMs?: number;
  /** Where the output goes. @default {"inherit"} */
  output?: "inherit" | "null";
  signal?: AbortSignal;
}

/**
 * Runs the files of a phase, with the output of `deno test` going to our own.
 *
 * A file that breaks outside of its tests (it cannot be loaded, it throws from a timer) has no
 * failure in the report, so what the report lacks is added as failed cases: a run that is not
 * whole is never green.
 */
export async function runPhase(phase: Phase, options: RunOptions): Promise<TestCase[]> {
  const timeoutMs = options.timeoutMs ?? PHASE_TIMEOUT_MS;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      `--junit-path=${options.junitPath}`,
      ...(phase.parallel ? ["--parallel"] : []),
      ...phase.files.map((file) => `./${file}`),
    ],
    cwd: options.root ?? REPOSITORY,
    env: {
      TMPDIR: options.temporary,
      ...(Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" }),
    },
    stdin: "null",
    stdout: options.output ?? "inherit",
    stderr: options.output ?? "inherit",
  }).spawn();
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  const { code } = await child.status;
  signal.removeEventListener("abort", kill);

  const cases = parseJunit(await readAndRemove(options.junitPath));
  options.signal?.throwIfAborted();
  const broken = deadline.aborted
    ? [failure(phase.name, `no end within ${timeoutMs / 1000} s; it was killed`)]
    : phase.files.filter((file) => !cases.some((one) => one.file === file))
      .map((file) => failure(file, "no test of this file ran"));
  const seen = [...cases, ...broken].some((one) => one.outcome === "failed");
  if (code !== 0 && !seen) broken.push(failure(phase.name, `deno test: exit status ${code}`));
  return [...cases, ...broken];
}

function failure(file: string, name: string): TestCase {
  return { file, name, outcome: "failed", durationMs: 0 };
}

async function readAndRemove(path: string): Promise<string> {
  try {
    const text = await Deno.readTextFile(path);
    await Deno.remove(path);
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
