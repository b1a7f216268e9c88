import { CocoonError } from "../errors/error.ts";
import { FileLock } from "../state/locks.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { aliveLockPath, supervisorLockPath } from "./liveness.ts";
import { withMachine } from "./locked.ts";
import { stopLocked } from "./stop.ts";
import { detachNetworks } from "./supervisor/settle.ts";

/**
 * Removes a machine with its disks.
 * @param force also when it runs; the guest is not asked
 * @throws {CocoonError} `conflict` when it runs and `force` is not given
 */
export async function removeMachine(
  context: VmContext,
  machine: MachineRecord,
  force: boolean,
): Promise<void> {
  await withMachine(context, machine, async (record) => {
    if (isActive(record.state)) {
      if (!force) {
        throw new CocoonError("conflict", `machine "${record.name}" is ${record.state}`, {
          hint: `Stop it first (cocoon vm stop ${record.name}), or remove it running: --force`,
        });
      }
      await stopLocked(context, record, {
        force: true,
        timeoutMs: 0,
        signal: new AbortController().signal,
      });
    }
    await eraseMachine(context, record);
  });
}

/**
 * From here on the machine cannot be started. On a full disk this cannot be written; the removal,
 * which makes room, goes on all the same.
 */
function markRemoving(context: VmContext, record: MachineRecord): void {
  try {
    // The wish ends a supervisor that pauses before a restart.
    context.store.machines.update(
      record.id,
      (now) => ({ ...now, removing: true, desired: "stopped" }),
    );
  } catch {
    // If it is killed before its end, the next `rm` finishes it.
  }
}

/**
 * Erases all that is kept of a machine: networks, folders, record, lock file, in this order, so
 * that it can be killed anywhere and repeated. The caller holds the lock; the machine is off.
 */
export async function eraseMachine(context: VmContext, record: MachineRecord): Promise<void> {
  const { home, store } = context;
  if (record.state !== "creating") markRemoving(context, record);
  using _supervision = await takeSupervision(context, record);
  if (FileLock.isHeld(aliveLockPath(home, record.id))) {
    throw new CocoonError("conflict", `machine "${record.name}": its hypervisor still runs`, {
      hint: `End it: cocoon vm stop --force ${record.name}`,
    });
  }
  const problems = await detachNetworks(context, record);
  if (problems.length > 0) {
    throw new CocoonError("failed", `machine "${record.name}": ${problems.join("; ")}`, {
      hint: "Nothing was deleted. Mend the cause and remove it again.",
    });
  }
  for (const folder of [home.runDir(record.id), home.machineDir(record.id)]) {
    await Deno.remove(folder, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  store.machines.delete(record.id);
  await Deno.remove(home.machineLockPath(record.id)).catch(() => {});
}

/** Milliseconds that a supervisor gets to notice that its machine is being removed. */
const SUPERVISOR_TIMEOUT_MS = 10_000;

/**
 * Keeps supervisors away: one that pauses before a restart, and one whose start was given up while
 * it was still loading. Undefined where there can be none, because its folder is not there.
 */
async function takeSupervision(
  context: VmContext,
  record: MachineRecord,
): Promise<FileLock | undefined> {
  if (!context.host.exists(context.home.runDir(record.id))) return undefined;
  const path = supervisorLockPath(context.home, record.id);
  const lock = await FileLock.take(path, SUPERVISOR_TIMEOUT_MS);
  if (lock !== undefined) return lock;
  throw new CocoonError("conflict", `machine "${record.name}": its supervisor does not let go`, {
    hint: `End it: cocoon vm stop --force ${record.name}`,
  });
}
