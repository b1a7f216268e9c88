/**
 * Room for the database on a disk that is full: SQLite cannot even read without some for its log,
 * so without this nothing could be removed from a full disk by cocoon itself.
 */
import { isFullDisk } from "../errors/error.ts";

/**
 * Bytes of the reserve. Opening takes 64 KiB at most, a transaction that removes something a few
 * pages of 4 KiB; the rest is for the folder that a removed image waits in.
 */
const RESERVE_BYTES = 1024 * 1024;

/** With less than this, commands that remove things are given the reserve. */
const NEEDED_BYTES = 256 * 1024;

/** `getRandomValues` gives no more at once. */
const PIECE_BYTES = 65_536;

/** The reserve stands beside its database, on the same disk. */
export function reservePathOf(databasePath: string): string {
  return `${databasePath}-reserve`;
}

/**
 * Makes the reserve if it is not there in full; where there is no room for it, there is none, and
 * nothing of it is left. Costs one look at a file when it is there.
 */
export function keepReserve(databasePath: string): void {
  const path = reservePathOf(databasePath);
  try {
    if (Deno.statSync(path).size >= RESERVE_BYTES) return;
  } catch { /* it is not there */ }
  try {
    // Two processes may write the same file at once: any bytes are right.
    write(path, RESERVE_BYTES);
  } catch {
    removeIfThere(path);
  }
}

/** Gives the reserve up; false when there is none. The next open makes it again. */
export function giveUpReserve(databasePath: string): boolean {
  return removeIfThere(reservePathOf(databasePath));
}

/** Gives the reserve up if the disk has no room for what a removal writes. */
export function makeRoom(databasePath: string): void {
  if (!hasRoom(databasePath)) giveUpReserve(databasePath);
}

/** Whether the disk has some; asked by writing, because Deno has no other way. */
export function hasRoom(databasePath: string): boolean {
  const probe = `${databasePath}-${crypto.randomUUID()}`;
  try {
    write(probe, NEEDED_BYTES);
    return true;
  } catch (error) {
    return !isFullDisk(error);
  } finally {
    removeIfThere(probe);
  }
}

/** Noise, because a file system may keep zeros, or anything that repeats, without taking room. */
function write(path: string, bytes: number): void {
  using file = Deno.openSync(path, { create: true, write: true, mode: 0o600 });
  const piece = crypto.getRandomValues(new Uint8Array(PIECE_BYTES));
  for (let done = 0; done < bytes;) {
    done += file.writeSync(piece.subarray(0, Math.min(PIECE_BYTES, bytes - done)));
    crypto.getRandomValues(piece);
  }
}

function removeIfThere(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch {
    return false;
  }
}
