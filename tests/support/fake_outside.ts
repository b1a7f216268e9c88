/** What tests of commands need: an outside that is recorded and touches nothing. */
import type { Host } from "../../plugins/contract.ts";
import { runApp } from "../../cli/app.ts";
import type { Outside, Terminals } from "../../cli/context.ts";
import type { Noun } from "../../cli/routes.ts";

/** What a fake outside is made of; everything has a default. */
export interface FakeOptions {
  env?: Record<string, string>;
  /** @default none is a terminal */
  terminals?: Partial<Terminals>;
  /** Columns of the terminal. */
  columns?: number;
  stdin?: string;
  signal?: AbortSignal;
  host?: Partial<Host>;
}

/** An outside that keeps what is written. */
export interface FakeOutside extends Outside {
  written: { stdout: string; stderr: string };
}

/** Makes a fake outside in one call: a Linux computer with a clock that stands still. */
export function fakeOutside(options: FakeOptions = {}): FakeOutside {
  const written = { stdout: "", stderr: "" };
  return {
    written,
    host: {
      os: "linux",
      architecture: "x86_64",
      cpus: 4,
      memoryBytes: 8 * 1024 ** 3,
      env: (name) => options.env?.[name],
      which: () => undefined,
      exists: (path) => {
        try {
          Deno.statSync(path);
          return true;
        } catch {
          return false;
        }
      },
      run: () => Promise.reject(new Error("a test ran a program")),
      now: () => new Date("2026-01-02T03:04:05Z"),
      ...options.host,
    },
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
    stdin: () => new Response(options.stdin ?? "").body ?? new ReadableStream(),
    isTerminal: { stdin: false, stdout: false, stderr: false, ...options.terminals },
    columns: () => options.columns,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** How a command ended. */
export interface FakeResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line in this process. */
export async function runFake(
  argv: readonly string[],
  options: FakeOptions & { root?: Noun } = {},
): Promise<FakeResult> {
  const outside = fakeOutside(options);
  const code = await runApp(argv, outside, options.root);
  return { code, ...outside.written };
}
