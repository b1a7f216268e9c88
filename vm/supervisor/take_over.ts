/** Who supervises: decided by the supervisor's lock, once for each machine. */
import { CocoonError } from "../../errors/error.ts";
import { FileLock } from "../../state/locks.ts";
import { isActive, type MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { isSupervised, supervisorLockPath } from "../liveness.ts";

/**
 * Milliseconds that a supervisor which shall start a machine waits for another one: for an old
 * one to clean up, or for a quicker one to start it. As long as a start may take.
 */
const START_TIMEOUT_MS = 40_000;
const RETRY_MS = 25;

/**
 * The lock, to be held as long as the machine is supervised; or what to tell the user when there
 * is nothing to be done (`failure: undefined` = it is as the user wished).
 */
export type Duty = { lock: FileLock } | { failure: CocoonError | undefined };

/**
 * Makes this process the machine's supervisor, unless that is not needed any more. A supervisor
 * loads for a while after it was spawned, and the command that spawned it may be dead by then: the
 * machine may have been stopped, started anew or removed in between.
 */
export async function takeOver(
  context: VmContext,
  id: string,
  mode: "start" | "adopt",
): Promise<Duty> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (true) {
    const lock = tryTake(context, id);
    // Read under the lock: nobody else acts on it now.
    const record = context.store.machines.get(id);
    if (record === undefined) {
      lock?.release();
      return { failure: new CocoonError("not-found", `machine ${id} was removed`) };
    }
    if (lock !== undefined) {
      if (mode === "start" ? record.state === "starting" : isActive(record.state)) return { lock };
      lock.release();
      return { failure: givenUp(record) };
    }
    const isTaken = isSupervised(context.home, id);
    if (isTaken && mode === "adopt") return { failure: undefined };
    if (isTaken && (record.state === "running" || record.state === "paused")) {
      return { failure: undefined };
    }
    if (performance.now() >= deadline) {
      const text = `machine ${id}: another supervisor does not let go`;
      return { failure: new CocoonError("conflict", text) };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function tryTake(context: VmContext, id: string): FileLock | undefined {
  try {
    return FileLock.tryTake(supervisorLockPath(context.home, id));
  } catch (error) {
    // The folder is removed before the record.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function givenUp(record: MachineRecord): CocoonError {
  if (record.state === "error") {
    return new CocoonError("failed", record.lastError ?? "its start has failed");
  }
  return new CocoonError("conflict", `it is ${record.state}; its start was given up`, {
    hint: `Start it again: cocoon vm start ${record.name}`,
  });
}
