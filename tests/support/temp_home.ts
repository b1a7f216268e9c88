/**
 * A `COCOON_HOME` for one test. What the test leaves running in it is killed, and fails the test.
 *
 * ```ts
 * await using home = await tempHome();
 * await runCocoon(home, ["vm", "list"]);
 * ```
 */
import { isRunning, killProcess, processesNaming, type ProcessInfo } from "./processes.ts";
import { waitFor } from "./wait_for.ts";

/** A home of cocoon that lives as long as one test. */
export interface TempHome extends AsyncDisposable {
  /** Absolute and short: the sockets below it stay under 104 bytes. */
  readonly path: string;
  /** What runs the home's commands, e.g. in another network namespace; the pid must stay theirs. */
  readonly wrapper?: readonly [string, ...string[]];
  /** Processes that run for this home now. */
  processes(): ProcessInfo[];
  /** Kills them all, for a test that leaves a machine running on purpose. */
  killAll(): Promise<void>;
}

/** Milliseconds that processes get to end by themselves after the test's last command. */
const GRACE_MS = 3_000;

/** Leftovers of the test that runs now; see {@linkcode Deno.test.afterEach} below. */
const leftovers: string[] = [];

// A disposal that throws after a failed test body becomes a SuppressedError, of which Deno prints
// neither part: the test's own error would be lost. A hook that throws does not hide it.
Deno.test.afterEach(() => {
  const left = leftovers.splice(0);
  if (left.length > 0) throw new Error(`left behind by this test:\n${left.join("\n")}`);
});

/** Makes an empty home (0700) under the temporary folder. */
export async function tempHome(): Promise<TempHome> {
  // Links are resolved (macOS: /tmp), so that command lines name the same path as we do.
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "ch-", dir: tempRoot() }));
  const processes = () => processesNaming(path);
  const killAll = async () => {
    // Again and again: a supervisor may be starting something while it is looked for.
    await waitFor(`the end of every process of ${path}`, () => {
      const running = processes();
      for (const process of running) killProcess(process.pid);
      return running.length === 0;
    }, { timeoutMs: 10_000 });
  };
  return {
    path,
    processes,
    killAll,
    async [Symbol.asyncDispose]() {
      const deadline = performance.now() + GRACE_MS;
      let left = processes();
      while (left.length > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        left = left.some((process) => isRunning(process.pid)) ? left : processes();
      }
      left = processes();
      leftovers.push(...left.map((process) => `  process ${process.pid}: ${process.command}`));
      if (left.length > 0) await killAll();
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** `TMPDIR` when it is short enough for sockets below it, else `/tmp` (macOS: 49 characters). */
function tempRoot(): string {
  const root = Deno.env.get("TMPDIR") ?? "/tmp";
  return root.length <= 24 ? root : "/tmp";
}
