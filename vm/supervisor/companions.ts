/** Helpers of a start: the wait until they can be used, and what they are told then. */
import { CocoonError } from "../../errors/error.ts";
import type { PlannedProcess } from "../../plugins/contract.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { providersOf } from "../plugins.ts";
import { tailOf } from "./log_tail.ts";
import type { HypervisorEnd } from "./settle.ts";

/** Milliseconds between two looks at a helper that is starting. */
const READY_POLL_MS = 10;

/**
 * Returns when all that the process makes at its start is there.
 * @param logEnd bytes that its log had before the start
 * @throws {CocoonError} `failed`, with what it has logged, when it ends before or the time is up
 */
export async function waitForCompanion(
  { role, ready, logPath, outputPath }: Pick<
    PlannedProcess,
    "role" | "ready" | "logPath" | "outputPath"
  >,
  end: Promise<HypervisorEnd>,
  logEnd: number,
  signal: AbortSignal,
): Promise<void> {
  if (ready === undefined) return;
  let ended: HypervisorEnd | undefined;
  end.then((how) => ended = how);
  const deadline = performance.now() + ready.timeoutMs;
  const failure = (what: string) => {
    const log = tailOf(logPath, logEnd).trim();
    const said = log === "" ? "it said nothing" : `it said: ${log}`;
    return new CocoonError("failed", `the helper ${role} ${what}; ${said}`, {
      hint: [ready.hint, `Its log: ${logPath}`].filter(Boolean).join("\n"),
    });
  };
  if (ready.line && outputPath === undefined) {
    throw new TypeError(`${role} is to print a line, and has no outputPath`);
  }
  const line = ready.line ? outputPath : undefined;
  while (!await allExist(ready.paths) || !await hasLine(line)) {
    signal.throwIfAborted();
    if (ended !== undefined) {
      throw failure(`ended at its start (${ended.signal ?? `status ${ended.code}`})`);
    }
    if (performance.now() >= deadline) {
      throw failure(`was not ready within ${ready.timeoutMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

/** Whether a whole line is there; without a path, none is waited for. */
async function hasLine(path: string | undefined): Promise<boolean> {
  return path === undefined || (await Deno.readTextFile(path)).includes("\n");
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map((path) => Deno.lstat(path).then(() => true, () => false)),
  );
  return found.every((is) => is);
}

/** Tells the helpers of all NICs what only running ones can be told. */
export async function configureNetworks(
  context: VmContext,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<void> {
  const providers = await providersOf(record.launch);
  for (const nic of record.machine.nics) {
    const state = record.nicStates[nic.index];
    if (state === undefined || state === null) continue;
    await providers[nic.index]?.provider.configure?.(context.host, nic, state, signal);
  }
}
