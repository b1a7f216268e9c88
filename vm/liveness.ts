/**
 * Who lives: answered by locks, never by pids.
 *
 * The hypervisor inherits a descriptor that holds the lock `alive.lock` and never touches it, so
 * the kernel keeps that lock exactly as long as the hypervisor lives, through kill -9, reused
 * pids and a reboot. The supervisor holds `supervisor.lock` in the same way, by itself; whoever
 * holds that one, and nobody else, may clean up after a run.
 */
import { CocoonError } from "../errors/error.ts";
import { join } from "../host/path.ts";
import { FileLock } from "../state/locks.ts";
import type { Home } from "../state/home.ts";

const POLL_MS = 20;

/** Path of the lock that lives as long as the hypervisor. */
export function aliveLockPath(home: Home, id: string): string {
  return join(home.runDir(id), "alive.lock");
}

/** Path of the lock that the supervisor holds. */
export function supervisorLockPath(home: Home, id: string): string {
  return join(home.runDir(id), "supervisor.lock");
}

/** Whether the machine's hypervisor lives. */
export function isAlive(home: Home, id: string): boolean {
  return FileLock.isHeld(aliveLockPath(home, id));
}

/** Whether a supervisor stays with the machine. */
export function isSupervised(home: Home, id: string): boolean {
  return FileLock.isHeld(supervisorLockPath(home, id));
}

/** Waits until the hypervisor has ended; false at the deadline. */
export async function waitUntilDead(home: Home, id: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(home, id)) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/** An open descriptor that holds the liveness lock, to be inherited by the hypervisor. */
export interface AliveDescriptor {
  fd: number;
  /** Closes cocoon's own copy; the hypervisor's keeps the lock. */
  close(): void;
}

/**
 * Takes the liveness lock on a raw descriptor.
 * @throws {CocoonError} `conflict` when a hypervisor lives
 */
export async function takeAlive(home: Home, id: string): Promise<AliveDescriptor> {
  const { openSync, closeSync } = await import("node:fs");
  const { lockExclusive } = await import("../native/flock.ts");
  const fd = openSync(aliveLockPath(home, id), "a", 0o600);
  // A reader that asks `isAlive` holds a shared lock for some microseconds: hence more than one try.
  for (let attempt = 0; attempt < 50; attempt++) {
    if (lockExclusive(fd)) return { fd, close: () => closeSync(fd) };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  closeSync(fd);
  throw new CocoonError("conflict", `machine ${id}: a hypervisor of an earlier start still runs`, {
    hint: `Stop it: cocoon vm stop --force ${id}`,
  });
}
