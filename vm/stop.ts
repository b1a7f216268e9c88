import { CocoonError } from "../errors/error.ts";
import { FileLock } from "../state/locks.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { isAlive, supervisorLockPath } from "./liveness.ts";
import { withMachine } from "./locked.ts";
import { askGuest, killAll, type StopStep } from "./stop_ladder.ts";

/** Milliseconds that the supervisor gets to clean up after the hypervisor's end. */
const CLEANUP_TIMEOUT_MS = 10_000;

/** How a machine is stopped. */
export interface StopOptions {
  /** Milliseconds that the guest gets to shut down before it is ended by force. */
  timeoutMs: number;
  /** Do not ask the guest. */
  force: boolean;
  /** Aborted while the guest is being asked: the wait ends, nothing is forced. */
  signal: AbortSignal;
}

/**
 * Stops a machine; one that does not run is stopped already. Returns which step ended it.
 * @throws {CocoonError} `interrupted` when the signal was aborted; the guest may still shut down
 */
export async function stopMachine(
  context: VmContext,
  machine: MachineRecord,
  options: StopOptions,
): Promise<StopStep> {
  return await withMachine(
    context,
    machine,
    (record) => stopLocked(context, record, options),
    options.signal,
  );
}

/** The same for a caller that holds the machine's lock. */
export async function stopLocked(
  context: VmContext,
  record: MachineRecord,
  options: StopOptions,
): Promise<StopStep> {
  const { home, store } = context;
  // First the wish: from here on no restart policy starts it again.
  store.machines.update(record.id, (now) => ({ ...now, desired: "stopped" }));
  if (!isActive(record.state) && !isAlive(home, record.id)) {
    await release(context, record);
    return "none";
  }
  store.machines.update(
    record.id,
    (now) => isActive(now.state) ? { ...now, state: "stopping" } : now,
  );
  try {
    const step = (options.force ? undefined : await askGuest(
      context,
      record.id,
      options.timeoutMs,
      options.signal,
    )) ?? await killAll(context, record.id);
    await release(context, record);
    return step;
  } catch (error) {
    if (!options.signal.aborted) throw error;
    throw new CocoonError(
      "interrupted",
      `machine "${record.name}": stop interrupted; the guest was asked and may still shut down`,
      { hint: `Ask again, or end it: cocoon vm stop --force ${record.name}` },
    );
  }
}

/**
 * Waits until the supervisor has let go, and cleans up in its place if it could not (it was
 * killed, or it pauses before a restart and sees the wish only now).
 */
async function release(context: VmContext, record: MachineRecord): Promise<void> {
  const path = supervisorLockPath(context.home, record.id);
  if (!context.host.exists(path)) return;
  using ownership = await FileLock.take(path, CLEANUP_TIMEOUT_MS);
  if (ownership === undefined) {
    throw new CocoonError("failed", `machine "${record.name}": its supervisor does not end`, {
      hint: `Look for its process: ps -ef | grep "supervise.*${record.id}"`,
    });
  }
  if (isActive(context.store.machines.get(record.id)?.state ?? "stopped")) {
    // Launched after the first look: the supervisor had read the old wish.
    await killAll(context, record.id);
    const { settle } = await import("./supervisor/settle.ts");
    await settle(context, record.id, { code: null, signal: null });
  }
}
