import { join } from "../host/path.ts";
import { FileLock } from "../state/locks.ts";
import { reconcile } from "./reconcile.ts";
import type { VmContext } from "./context.ts";
import { eraseMachine } from "./remove.ts";

/** A lock file younger than this may belong to a create that is about to take it. */
const YOUNG_LOCK_MS = 3_600_000;

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
  // A record exists before its folders, so a folder without one belongs to nobody.
  const ids = new Set(store.machines.list().map((record) => record.id));
  for (const folder of [home.machinesDir, home.runsDir]) {
    for (const { name } of Deno.readDirSync(folder)) {
      if (ids.has(name)) continue;
      const path = join(folder, name);
      leftovers.push({ what: "folder of no machine", name: path, bytes: allocatedBytes(path) });
      await Deno.remove(path, { recursive: true });
    }
  }
  leftovers.push(...collectLocks(context, ids));
  return leftovers;
}

function collectLocks(context: VmContext, ids: Set<string>): Leftover[] {
  const { locksDir } = context.home;
  const leftovers: Leftover[] = [];
  for (const { name } of Deno.readDirSync(locksDir)) {
    if (ids.has(name.replace(/\.lock$/, ""))) continue;
    const path = join(locksDir, name);
    const age = context.host.now().getTime() - (Deno.statSync(path).mtime?.getTime() ?? 0);
    if (age < YOUNG_LOCK_MS || FileLock.isHeld(path)) continue;
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
