/** Runs the real program, from source, for a test's own home. */
import { SOURCE_FLAGS } from "../../host/self.ts";
import type { TempHome } from "./temp_home.ts";

/** The entry of the program. */
export const MAIN_PATH = new URL("../../main.ts", import.meta.url).pathname;

/** Options of {@linkcode runCocoon} and {@linkcode spawnCocoon}. */
export interface CocoonOptions {
  /** Added to the environment; an empty string is a variable that is set and empty. */
  env?: Record<string, string>;
  cwd?: string;
  /** Text for standard input; without it, input is empty. */
  stdin?: string;
  /** Milliseconds until the command is killed and the call rejects. @default {300000} */
  timeoutMs?: number;
}

/** What a command needs of its home. */
export type CocoonHome = Pick<TempHome, "path" | "wrapper">;

/** How a command ended. */
export interface CocoonResult {
  /** Exit status, or 128 + the signal's number. */
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that is under way; nothing of it may outlive the test. */
export interface RunningCocoon {
  readonly pid: number;
  /** Everything that it has written until now. */
  output(): { stdout: string; stderr: string };
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended; rejects at the deadline, after a SIGKILL. */
  readonly result: Promise<CocoonResult>;
}

/**
 * The command line that runs `cocoon ARGS` from source. It needs no `deno` on PATH.
 */
export function cocoonArgv(args: readonly string[]): [string, ...string[]] {
  return [Deno.execPath(), "run", ...SOURCE_FLAGS, MAIN_PATH, ...args];
}

/**
 * The environment of such a command: this process's own without its `COCOON_*`, for the home, with
 * QEMU told to emulate: a `/dev/kvm` that exists but does not work would hang the guests.
 */
export function cocoonEnv(
  home: Pick<TempHome, "path">,
  extra: Record<string, string> = {},
): Record<string, string> {
  const own = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("COCOON_"));
  return {
    ...Object.fromEntries(own),
    NO_COLOR: "1",
    COCOON_HOME: home.path,
    COCOON_QEMU_ACCELERATOR: "tcg",
    ...extra,
  };
}

/** Runs `cocoon ARGS` to its end. A non-zero exit is a result, not an error. */
export function runCocoon(
  home: CocoonHome,
  args: readonly string[],
  options: CocoonOptions = {},
): Promise<CocoonResult> {
  return spawnCocoon(home, args, options).result;
}

/** Like {@linkcode runCocoon}, and throws with all that was written unless the exit status is 0. */
export async function cocoonOk(
  home: CocoonHome,
  args: readonly string[],
  options: CocoonOptions = {},
): Promise<CocoonResult> {
  const result = await runCocoon(home, args, options);
  if (result.code !== 0) {
    throw new Error(
      `cocoon ${args.join(" ")}: exit ${result.code}\nstdout: ${result.stdout}\n` +
        `stderr: ${result.stderr}`,
    );
  }
  return result;
}

/** Starts `cocoon ARGS`, for tests that look at it or kill it while it runs. */
export function spawnCocoon(
  home: CocoonHome,
  args: readonly string[],
  options: CocoonOptions = {},
): RunningCocoon {
  const [program, ...rest] = [...home.wrapper ?? [], ...cocoonArgv(args)];
  const child = new Deno.Command(program ?? Deno.execPath(), {
    args: rest,
    clearEnv: true,
    env: cocoonEnv(home, options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  return {
    pid: child.pid,
    output: () => ({ stdout: stdout.text(), stderr: stderr.text() }),
    kill(signal) {
      try {
        child.kill(signal);
      } catch { /* it has ended already */ }
    },
    result: (async () => {
      const timeoutMs = options.timeoutMs ?? 300_000;
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        child.kill("SIGKILL");
      }, timeoutMs);
      try {
        if (options.stdin !== undefined) await feed(child.stdin, options.stdin);
        const status = await child.status;
        clearTimeout(timer);
        // A supervisor that kept our pipe open would hang every script that reads its caller's
        // output, so the end of the output is waited for, but not for ever.
        await Promise.all([stdout.ended(args), stderr.ended(args)]);
        if (timedOut) {
          throw new Error(
            `cocoon ${args.join(" ")}: no end within ${timeoutMs} ms; it was killed\n` +
              `stdout: ${stdout.text()}\nstderr: ${stderr.text()}`,
          );
        }
        return { code: status.code, stdout: stdout.text(), stderr: stderr.text() };
      } finally {
        clearTimeout(timer);
      }
    })(),
  };
}

/** Milliseconds between the end of a command and the end of its output. */
const PIPE_TIMEOUT_MS = 5_000;

interface Collected {
  text(): string;
  /** Resolves at the end of the stream; rejects when something still holds it open. */
  ended(args: readonly string[]): Promise<void>;
}

function collect(stream: ReadableStream<Uint8Array>): Collected {
  let text = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const all = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
    }
  })();
  return {
    text: () => text,
    async ended(args) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), PIPE_TIMEOUT_MS);
      });
      const first = await Promise.race([all, late]);
      clearTimeout(timer);
      if (first !== "late") return;
      await reader.cancel();
      throw new Error(
        `cocoon ${args.join(" ")}: has ended, but something it started keeps its output open`,
      );
    },
  };
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It did not read its input to the end; its exit status tells whether that matters.
  }
}
