/**
 * A gvproxy that nobody knows any more: what started it was killed before it could write down the
 * pid. No hypervisor ever connects to it, so it would run for ever.
 */
import { identify, signalProcess, waitForEnd } from "../host/process.ts";
import type { Host } from "../plugins/contract.ts";

/** Milliseconds that it gets between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

/** Ends every gvproxy that has `argument` in its command line. */
export async function endStrays(host: Host, argument: string): Promise<void> {
  for (const pid of await pidsWith(host, argument)) {
    const stray = identify(pid);
    if (stray === undefined || !signalProcess(stray, "SIGTERM")) continue;
    if (await waitForEnd(stray, GRACE_MS)) continue;
    signalProcess(stray, "SIGKILL");
    await waitForEnd(stray, GRACE_MS);
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
