/**
 * Brings a record into agreement with the processes. Done whenever a record is read for a user,
 * so it costs two open files for a machine that runs and nothing for one that doesn't.
 */
import { FileLock } from "../state/locks.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { isAlive, isSupervised, supervisorLockPath } from "./liveness.ts";

/**
 * Returns the record as it is after looking at the machine's processes:
 * - hypervisor and supervisor live: as it is;
 * - the hypervisor lives alone: a new supervisor adopts it;
 * - the hypervisor is gone and nobody works on the machine: cleaned up, `stopped`, `stale`;
 * - a dead `creating`: marked stale; `rm` or a create of the same name clears it.
 *
 * @param options.lockHeld the caller holds the machine's lock, so no other verb is under way
 */
export async function reconcile(
  context: VmContext,
  record: MachineRecord,
  options: { lockHeld: boolean },
): Promise<MachineRecord | undefined> {
  if (record.state === "creating") return reconcileCreating(context, record, options);
  if (!isActive(record.state)) return record;
  const { home } = context;
  const alive = isAlive(home, record.id);
  if (isSupervised(home, record.id)) return record;
  // A verb that holds the lock is about to change things; what it leaves is looked at next time.
  if (!options.lockHeld && FileLock.isHeld(home.machineLockPath(record.id))) return record;
  if (alive) {
    const { adopt } = await import("./supervisor/spawn.ts");
    await adopt(context, record);
    return context.store.machines.get(record.id);
  }
  using ownership = FileLock.tryTake(supervisorLockPath(home, record.id));
  if (ownership === undefined) return context.store.machines.get(record.id);
  const { settle } = await import("./supervisor/settle.ts");
  return await settle(context, record.id, { code: null, signal: null });
}

function reconcileCreating(
  context: VmContext,
  record: MachineRecord,
  options: { lockHeld: boolean },
): MachineRecord | undefined {
  if (record.stale) return record;
  if (!options.lockHeld && FileLock.isHeld(context.home.machineLockPath(record.id))) return record;
  return context.store.machines.update(
    record.id,
    (now) => now.state === "creating" ? { ...now, stale: true } : now,
  );
}
