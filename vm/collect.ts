import { join } from "../host/path.ts";
import { FileLock } from "../state/locks.ts";
import { reconcile } from "./reconcile.ts";
import type { VmContext } from "./context.ts";
import { isMachineId } from "./id.ts";
import { eraseMachine } from "./remove.ts";

/** Something that belonged to no machine. */
export interface Leftover {
  /** What it was, e.g. `unfinished machine`. */
  what: string;
  /** Its path or name. */
  name: string;
  /** Bytes on disk that it took. */
  bytes: number;
}

/**
 * Removes what commands that were killed have left of machines:
 * creates that never finished, and folders and locks without a record. Machines are never touched;
 * what another command works on right now is passed over.
 */
export async function collectMachines(context: VmContext): Promise<Leftover[]> {
  const { home, store } = context;
  const leftovers: Leftover[] = [];
  for (const record of store.machines.list()) {
    const now = await reconcile(context, record, { lockHeld: false }) ?? record;
    const unfinished = now.state === "creating" && now.stale;
    if (!unfinished && !now.removing) continue;
    using lock = FileLock.tryTake(home.machineLockPath(record.id));
    if (lock === undefined) continue;
    leftovers.push({
      what: unfinished ? "unfinished machine" : "machine whose removal did not finish",
      name: record.name,
      bytes: allocatedBytes(home.machineDir(record.id)),
    });
    await eraseMachine(context, now);
  }
  for (const folder of [home.machinesDir, home.runsDir]) {
    for (const { name } of Deno.readDirSync(folder)) {
      // A record exists before its folders and is deleted after them, so looking in this order
      // never takes the folder of a machine that is being made.
      if (store.machines.get(name) !== undefined) continue;
      const path = join(folder, name);
      leftovers.push({ what: "folder of no machine", name: path, bytes: allocatedBytes(path) });
      await Deno.remove(path, { recursive: true });
    }
  }
  leftovers.push(...collectLocks(context));
  return leftovers;
}

function collectLocks({ home, store }: VmContext): Leftover[] {
  const leftovers: Leftover[] = [];
  for (const { name } of Deno.readDirSync(home.locksDir)) {
    const id = name.replace(/\.lock$/, "");
    if (!isMachineId(id) || store.machines.get(id) !== undefined) continue;
    const path = home.machineLockPath(id);
    // Held: a create that has not written its record yet. Written: one that has, meanwhile.
    using lock = FileLock.tryTake(path);
    if (lock === undefined || store.machines.get(id) !== undefined) continue;
    leftovers.push({ what: "lock of no machine", name: path, bytes: 0 });
    Deno.removeSync(path);
  }
  return leftovers;
}

/** Bytes that a folder's files take on disk. */
function allocatedBytes(path: string): number {
  let bytes = 0;
  try {
    for (const entry of Deno.readDirSync(path)) {
      const inner = join(path, entry.name);
      if (entry.isDirectory) bytes += allocatedBytes(inner);
      else bytes += (Deno.lstatSync(inner).blocks ?? 0) * 512;
    }
  } catch {
    // Removed by its owner meanwhile.
  }
  return bytes;
}
