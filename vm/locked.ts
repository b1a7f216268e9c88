import { CocoonError } from "../errors/error.ts";
import { FileLock, machineBusy } from "../state/locks.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { reconcile } from "./reconcile.ts";

/**
 * Milliseconds that a verb waits for another one on the same machine. Long enough for a start or
 * a create that is about to end, short enough that nobody wonders.
 */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Runs a verb while holding its machine's lock. The record that `body` gets was read under the
 * lock and agrees with the processes.
 * @throws {CocoonError} `conflict` when another verb keeps the lock, `not-found` when the machine
 * was removed meanwhile
 */
export async function withMachine<T>(
  context: VmContext,
  machine: { id: string; name: string },
  body: (record: MachineRecord) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const path = context.home.machineLockPath(machine.id);
  using lock = await FileLock.take(path, LOCK_TIMEOUT_MS, signal);
  if (lock === undefined) throw machineBusy(machine.name);
  const record = context.store.machines.get(machine.id);
  if (record === undefined) {
    // The remover deleted the lock file, and taking the lock made it anew.
    await Deno.remove(path).catch(() => {});
    throw new CocoonError("not-found", `machine "${machine.name}" was removed meanwhile`);
  }
  return await body(await reconcile(context, record, { lockHeld: true }) ?? record);
}
