import { CocoonError } from "../errors/error.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { isSupervised } from "./liveness.ts";
import { reconcile } from "./reconcile.ts";

/** What a command can wait for. */
export type WaitGoal = "running" | "ssh" | "stopped";

const POLL_MS = 100;

/**
 * Waits until a machine has reached the goal.
 * @returns the record at that moment
 * @throws {CocoonError} `failed` at the deadline, with what was seen last, or as soon as the goal
 * can't be reached any more; `interrupted` when `signal` is aborted
 */
export async function waitFor(
  context: VmContext,
  machine: MachineRecord,
  goal: WaitGoal,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<MachineRecord> {
  const deadline = performance.now() + options.timeoutMs;
  let record = await current(context, machine);
  while (!reached(record, goal)) {
    if (options.signal.aborted) throw interrupted(record, goal);
    if (goal !== "stopped" && !isActive(record.state) && !isComingBack(context, record)) {
      const why = record.lastError === undefined ? "" : ` (${record.lastError})`;
      throw new CocoonError(
        "failed",
        `machine "${record.name}" is in state ${record.state}${why} and nobody starts it`,
        { hint: `Start it: cocoon vm start ${record.name}` },
      );
    }
    if (performance.now() >= deadline) {
      throw new CocoonError(
        "failed",
        `machine "${record.name}": not ${goal} within ${
          options.timeoutMs / 1000
        } s; it is ${record.state}`,
        { hint: `See what the guest says: cocoon vm logs ${record.name}` },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    record = await current(context, machine);
  }
  if (goal === "ssh") {
    const { waitForLogin } = await import("./ssh.ts");
    try {
      await waitForLogin(context, record, {
        timeoutMs: Math.max(0, deadline - performance.now()),
        signal: options.signal,
      });
    } catch (error) {
      // The reason of the abort knows nothing of the machine, which goes on.
      const tells = error instanceof CocoonError && error.code !== "interrupted";
      if (!options.signal.aborted || tells) throw error;
      throw interrupted(await current(context, machine), goal);
    }
  }
  return record;
}

function reached(record: MachineRecord, goal: WaitGoal): boolean {
  if (goal === "stopped") return !isActive(record.state);
  return record.state === "running";
}

/** A machine that is off comes back only by a supervisor that pauses before a restart. */
function isComingBack(context: VmContext, record: MachineRecord): boolean {
  return record.desired === "running" && isSupervised(context.home, record.id);
}

async function current(context: VmContext, machine: MachineRecord): Promise<MachineRecord> {
  const record = context.store.machines.get(machine.id);
  if (record === undefined) {
    throw new CocoonError("not-found", `machine "${machine.name}" was removed meanwhile`);
  }
  return await reconcile(context, record, { lockHeld: false }) ?? record;
}

function interrupted(record: MachineRecord, goal: WaitGoal): CocoonError {
  return new CocoonError(
    "interrupted",
    `machine "${record.name}": the wait for ${goal} was interrupted; it is ${record.state}`,
    isActive(record.state) && goal !== "stopped"
      ? { hint: `To stop it: cocoon vm stop ${record.name}` }
      : {},
  );
}
