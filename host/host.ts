import type { Architecture, Host, RunOptions, RunResult } from "../plugins/contract.ts";
import { CocoonError } from "../errors/error.ts";

/** The real computer, as {@linkcode Host}. Making it costs nothing: every fact is read when asked. */
export function realHost(): Host {
  return {
    os: Deno.build.os === "darwin" ? "darwin" : "linux",
    // Deno names its two 64-bit targets x86_64 and aarch64 (Deno.build.arch).
    architecture: Deno.build.arch satisfies Architecture,
    get cpus() {
      return navigator.hardwareConcurrency;
    },
    get memoryBytes() {
      return Deno.systemMemoryInfo().total;
    },
    env: (name) => Deno.env.get(name),
    which,
    exists,
    run,
    now: () => new Date(),
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function which(program: string): string | undefined {
  if (program.includes("/")) return isExecutable(program) ? program : undefined;
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    if (!directory.startsWith("/")) continue;
    const path = `${directory}/${program}`;
    if (isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return info.isFile && ((info.mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(argv[0], {
      args: argv.slice(1),
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.env ? { env: options.env } : {}),
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CocoonError("host-lacks", `${argv[0]}: program not found`, { cause });
    }
    throw new CocoonError("failed", `${argv[0]}: cannot be started: ${String(cause)}`, { cause });
  }
  // SIGKILL, and not the signal option's SIGTERM: a program may ignore that, and the deadline holds.
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended already */ }
  };
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    const input = options.stdin === undefined ? undefined : feed(child.stdin, options.stdin);
    // What it has started may hold its output open after it is killed; that is not waited for.
    const [{ code }, stdout, stderr] = await Promise.all([
      child.status,
      readAll(child.stdout, signal),
      readAll(child.stderr, signal),
    ]);
    if (!signal.aborted) await input;
    options.signal?.throwIfAborted();
    if (deadline.aborted) {
      throw new CocoonError("failed", `${argv[0]}: no end within ${timeoutMs} ms; it was killed`);
    }
    return { code, stdout, stderr };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** The text of a stream up to its end, or to the moment that the signal is aborted. */
async function readAll(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const reader = stream.getReader();
  const end = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text += decoder.decode(piece.value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", end);
  }
  return text + decoder.decode();
}

async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // The program did not read its input to the end; its exit status tells whether that matters.
  }
}
