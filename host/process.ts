/**
 * Processes that outlive cocoon: starting them, and recognising them later without being fooled
 * by a reused pid.
 */
import type { ChildProcess } from "node:child_process";

/** A process with enough to recognise it again; `startedAt` is only ever compared. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** Options of {@linkcode spawnDetached}. */
export interface SpawnOptions {
  /** Standard output and error are appended to this file (made 0600). */
  logPath: string;
  /** Descriptors of this process that become 3, 4, … in the child. */
  inherit?: number[];
  /** A descriptor that becomes standard input; without it, input is empty. */
  stdin?: number;
  /** Added to cocoon's own environment. */
  env?: Record<string, string>;
  /** Where standard output goes instead of the log: to `child.stdout`, or to a file made anew. */
  stdout?: "pipe" | { path: string };
}

/**
 * Starts a process in its own session (a Ctrl-C in cocoon's terminal does not reach it), with its
 * output in a file, so that it survives the end of cocoon. Resolves when the program runs.
 *
 * `node:child_process` and not `Deno.Command`: that one cannot send output to a file and gives
 * every inheritable descriptor to the child.
 * @throws {CocoonError} `host-lacks` when the program cannot be executed
 */
export async function spawnDetached(
  argv: readonly [string, ...string[]],
  options: SpawnOptions,
): Promise<ChildProcess> {
  const { spawn } = await import("node:child_process");
  const { openSync, closeSync } = await import("node:fs");
  const { keepDescriptors } = await import("../native/inheritance.ts");
  keepDescriptors();
  const log = openSync(options.logPath, "a", 0o600);
  const { stdout } = options;
  const output = typeof stdout === "object" ? openSync(stdout.path, "w", 0o600) : undefined;
  try {
    const child = spawn(argv[0], argv.slice(1), {
      detached: true,
      stdio: [
        options.stdin ?? "ignore",
        output ?? (stdout === "pipe" ? "pipe" : log),
        log,
        ...(options.inherit ?? []),
      ],
      env: { ...Deno.env.toObject(), ...options.env },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return child;
  } catch (cause) {
    const { CocoonError, messageOf } = await import("../errors/error.ts");
    throw new CocoonError("host-lacks", `${argv[0]}: cannot be started: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    closeSync(log);
    if (output !== undefined) closeSync(output);
  }
}

/**
 * What identifies the process that has this pid now; undefined when there is none (a zombie is
 * none: it runs nothing and holds nothing).
 *
 * Linux: field 22 of /proc/PID/stat (start time in ticks since boot), with the boot's id.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  if (Deno.build.os === "darwin") return identifyByPs(pid);
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  if (state === "Z" || state === "X" || startTicks === undefined) return undefined;
  return { pid, startedAt: `${bootId()}/${startTicks}` };
}

/** `ps` tells the start to the second; together with the pid that is enough. */
function identifyByPs(pid: number): ProcessIdentity | undefined {
  const output = new Deno.Command("ps", {
    args: ["-o", "stat=,lstart=", "-p", String(pid)],
    env: { LC_ALL: "C" },
    stderr: "null",
  }).outputSync();
  const [state, ...start] = new TextDecoder().decode(output.stdout).trim().split(/\s+/);
  if (state === undefined || state === "" || state.startsWith("Z")) return undefined;
  return { pid, startedAt: start.join(" ") };
}

let cachedBootId: string | undefined;

function bootId(): string {
  cachedBootId ??= Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  return cachedBootId;
}

/** Whether the very process of `identity` still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Signals the process if it is still the same one; returns whether it was. */
export function signalProcess(identity: ProcessIdentity, signal: Deno.Signal): boolean {
  if (!isRunning(identity)) return false;
  try {
    Deno.kill(identity.pid, signal);
    return true;
  } catch (error) {
    // It ended between the look and the signal.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Waits until the process has ended; false at the deadline. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(identity)) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/**
 * The processes (other than this one) that have a file open. Used when a supervisor died before
 * it could write down the pid of what it had started.
 */
export function processesHolding(path: string): ProcessIdentity[] {
  return (Deno.build.os === "darwin" ? pidsByLsof(path) : pidsByProc(path))
    .filter((pid) => pid !== Deno.pid)
    .map(identify)
    .filter((identity) => identity !== undefined);
}

function pidsByProc(path: string): number[] {
  const real = Deno.realPathSync(path);
  const pids: number[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    try {
      for (const fd of Deno.readDirSync(`/proc/${entry.name}/fd`)) {
        if (Deno.readLinkSync(`/proc/${entry.name}/fd/${fd.name}`) === real) {
          pids.push(Number(entry.name));
          break;
        }
      }
    } catch { /* the process ended, or it belongs to another user */ }
  }
  return pids;
}

function pidsByLsof(path: string): number[] {
  const output = new Deno.Command("lsof", { args: ["-t", "--", path], stderr: "null" })
    .outputSync();
  return new TextDecoder().decode(output.stdout).split("\n").filter((line) => line !== "")
    .map(Number);
}
