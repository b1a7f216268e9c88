/**
 * Kills a program exactly before one of its system calls. `strace` does it from outside, so the
 * product needs no hooks, and it is the same for cocoon and for what cocoon starts. Linux only.
 */
import { cocoonArgv, cocoonEnv } from "./cocoon.ts";
import type { TempHome } from "./temp_home.ts";

/** The calls that change files, sockets or processes of a home. */
const CALLS = [
  ...["mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"],
  ...["ftruncate", "fallocate", "fsync", "fdatasync", "pwrite64", "pwritev", "copy_file_range"],
  ...["bind", "link", "linkat", "symlink"],
];

/** A moment: before the `ordinal`-th call of this kind by any one thread. */
export interface KillPoint {
  call: string;
  ordinal: number;
  /** One of the calls that it stands for, as strace prints it. */
  example: string;
}

/**
 * Runs `cocoon ARGS` (and all that it starts) and gives the moments at which it changed something
 * in the home. The kinds of calls are told apart, and of the many writes to the database, which
 * only count as a whole, `everyWrite`-th is taken.
 */
export async function killPoints(
  home: TempHome,
  args: readonly string[],
  everyWrite = 4,
): Promise<KillPoint[]> {
  const log = await Deno.makeTempFile({ prefix: "strace-" });
  try {
    const { code, stderr } = await strace(home, args, [
      // Calls that are not looked at cost nothing; with an injection strace 6.1 miscounts so.
      ...["--seccomp-bpf", "-y", "-o", log, "-e", `trace=${CALLS}`],
    ]);
    if (code !== 0) throw new Error(`cocoon ${args.join(" ")}: exit ${code}\n${stderr}`);
    return parsePoints(await Deno.readTextFile(log), home.path, everyWrite);
  } finally {
    await Deno.remove(log);
  }
}

/** Takes strace's log apart; see {@linkcode killPoints}. */
export function parsePoints(log: string, path: string, everyWrite: number): KillPoint[] {
  const counts = new Map<string, number>();
  const points = new Map<string, KillPoint>();
  for (const line of log.split("\n")) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (thread === undefined || call === undefined) continue;
    const ordinal = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, ordinal);
    if (!line.includes(path)) continue;
    if (call === "pwrite64" && ordinal % everyWrite !== 0) continue;
    const example = line.slice(line.indexOf(call), 160);
    if (!points.has(`${call} ${ordinal}`)) {
      points.set(`${call} ${ordinal}`, { call, ordinal, example });
    }
  }
  return [...points.values()];
}

/** How a command under strace ended. */
export interface KilledResult {
  /** 137 for a command that was killed itself; what it started may have been killed instead. */
  code: number;
  stderr: string;
}

/** Runs `cocoon ARGS` and kills whichever of its processes comes to the moment first. */
export async function runUntil(
  home: TempHome,
  args: readonly string[],
  { call, ordinal }: KillPoint,
): Promise<KilledResult> {
  return await strace(home, args, [
    ...["-o", "/dev/null", "-e", `trace=${call}`],
    ...["-e", `inject=${call}:signal=SIGKILL:when=${ordinal}`],
  ]);
}

async function strace(
  home: TempHome,
  args: readonly string[],
  options: readonly string[],
): Promise<KilledResult> {
  // -D: the command stays our child, and strace goes on with what the command leaves running.
  const child = new Deno.Command("strace", {
    args: ["-D", "-f", "-qqq", ...options, ...cocoonArgv(args)],
    clearEnv: true,
    env: cocoonEnv(home),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  // The pipe is also held by strace, which may stay as long as a machine: not read to its end.
  let stderr = "";
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const reading = (async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        stderr += value;
      }
    } catch { /* cancelled */ }
  })();
  const { code } = await child.status;
  await reader.cancel();
  await reading;
  return { code, stderr };
}
