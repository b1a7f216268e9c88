/**
 * Helpers that nobody knows any more: what started one was killed before it could write down the
 * pid. Nothing ever connects to it, so it would run for ever.
 */
import { identify, type ProcessIdentity, signalProcess, waitForEnd } from "../host/process.ts";
import type { Host } from "../plugins/contract.ts";

/** Milliseconds that it gets between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

/** Ends every process that has `argument`, which only a certain helper has, on its command line. */
export async function endStrays(host: Host, argument: string): Promise<void> {
  const strays = (await pidsWith(host, argument)).map(identify).filter((stray) =>
    stray !== undefined
  );
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const told = strays.filter((stray) => isSignalled(stray, signal));
    await Promise.all(told.map((stray) => waitForEnd(stray, GRACE_MS)));
  }
}

/** Of sudo and its child, root's, we may signal the first one, which passes it on. */
function isSignalled(stray: ProcessIdentity, signal: Deno.Signal): boolean {
  try {
    return signalProcess(stray, signal);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

async function pidsWith(host: Host, argument: string): Promise<number[]> {
  return host.os === "darwin" ? await pidsByPs(host, argument) : pidsByProc(argument);
}

async function pidsByPs(host: Host, argument: string): Promise<number[]> {
  const { stdout } = await host.run(["ps", "-axww", "-o", "pid=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return args !== undefined && `${args} `.includes(` ${argument} `) ? [Number(pid)] : [];
  });
}

function pidsByProc(argument: string): number[] {
  const pids: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      if (words.includes(argument)) pids.push(Number(name));
    } catch { /* it has ended, or is another user's */ }
  }
  return pids;
}
