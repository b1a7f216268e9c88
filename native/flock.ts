/**
 * flock(2) on a raw descriptor. Deno's own lock needs a `Deno.FsFile`, whose descriptor cannot be
 * handed to a child; both are the same lock of the kernel.
 */
import { SystemError } from "./errno.ts";
import { made } from "./library.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the exclusive lock without waiting; false when somebody else has it.
 * @throws {SystemError}
 */
export function lockExclusive(fd: number): boolean {
  try {
    made("flock", (c) => c.flock(fd, LOCK_EX | LOCK_NB));
    return true;
  } catch (error) {
    // EWOULDBLOCK is the same number.
    if (error instanceof SystemError && error.code === "EAGAIN") return false;
    throw error;
  }
}
