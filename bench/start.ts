import { CocoonError } from "../errors/error.ts";
import type { LaunchPlan } from "../plugins/contract.ts";
import { smallGuest } from "../tests/guests/cache.ts";
import { cocoonArgv, cocoonEnv } from "../tests/support/cocoon.ts";
import { directBoot } from "../tests/support/machines.ts";
import { tempHome } from "../tests/support/temp_home.ts";
import { runCocoon } from "./lib/commands.ts";
import { type Benchmark, rowOf, rowsOf } from "./lib/result.ts";
import { takeTurns } from "./lib/turns.ts";

const MACHINE = "bench";
const TIMEOUT_MS = 60_000;

const START = "vm start";
const BARE = "QEMU alone, same argv";
const RETURNS = "vm start, until it returns";

/** What cocoon adds to a start: the time until the guest's first word on its console. */
export const start: Benchmark = {
  name: "start",
  about: "start to the first byte on the console, against QEMU with the same arguments",
  rounds: 15,
  async run(rounds) {
    const guest = await smallGuest(Deno.build.arch);
    await using home = await tempHome();
    const args = ["vm", "create", "--name", MACHINE, ...directBoot(guest)];
    await runCocoon(home.path, args);
    // The first start chooses the port of this computer, which later ones and QEMU alone take too.
    await runCocoon(home.path, ["vm", "start", MACHINE]);
    await runCocoon(home.path, ["vm", "stop", "--force", MACHINE]);
    const debug = ["vm", "debug", MACHINE, "--output", "json"];
    const plan: LaunchPlan = JSON.parse(await runCocoon(home.path, debug));
    await Deno.remove(plan.consoleLogPath);
    const returned: number[] = [];
    const times = await takeTurns([
      {
        name: START,
        run: async () => {
          await using command = begin(
            cocoonArgv(["vm", "start", MACHINE]),
            cocoonEnv(home),
          );
          const firstByteMs = await firstByte(plan.consoleLogPath, command);
          await command.ended;
          if (command.failed()) throw new CocoonError("failed", "vm start: failed");
          returned.push(command.tookMs());
          return firstByteMs;
        },
        after: async () => {
          await runCocoon(home.path, ["vm", "stop", "--force", MACHINE]);
          await Deno.remove(plan.consoleLogPath);
        },
      },
      {
        name: BARE,
        run: async () => {
          await using command = begin(hypervisorArgv(plan));
          return await firstByte(plan.consoleLogPath, command);
        },
        after: () => Deno.remove(plan.consoleLogPath),
      },
    ], rounds);
    return [
      ...rowsOf(times, { [START]: { peer: BARE, budget: 300 } }),
      // The first one is the round that does not count.
      rowOf(RETURNS, "ms", returned.slice(1)),
    ];
  },
};

function hypervisorArgv(plan: LaunchPlan): readonly [string, ...string[]] {
  const hypervisor = plan.processes.find(({ role }) => role === "hypervisor");
  if (hypervisor === undefined) throw new TypeError("the plan has no hypervisor");
  return hypervisor.argv;
}

interface Begun extends AsyncDisposable {
  /** `performance.now()` just before it was started. */
  began: number;
  ended: Promise<void>;
  /** Milliseconds that it ran, once it has ended. */
  tookMs(): number;
  /** Whether it has ended with a failure. */
  failed(): boolean;
}

function begin(argv: readonly [string, ...string[]], env?: Record<string, string>): Begun {
  const [program, ...args] = argv;
  const began = performance.now();
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
    ...(env === undefined ? {} : { env, clearEnv: true }),
  }).spawn();
  let success: boolean | undefined;
  let tookMs = NaN;
  const ended = child.status.then((status) => {
    success = status.success;
    tookMs = performance.now() - began;
  });
  return {
    began,
    ended,
    tookMs: () => tookMs,
    failed: () => success === false,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended already */ }
      await ended;
    },
  };
}

/** Milliseconds from the start of a command until the file has content. */
async function firstByte(path: string, { began, failed }: Begun): Promise<number> {
  while (performance.now() - began < TIMEOUT_MS) {
    if (sizeOf(path) > 0) return performance.now() - began;
    if (failed()) throw new CocoonError("failed", "the command failed before the guest spoke");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new CocoonError("failed", `${path}: nothing was written within ${TIMEOUT_MS} ms`);
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0; // not made yet
  }
}
