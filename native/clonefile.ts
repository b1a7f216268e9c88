/**
 * clonefile(2) of macOS: a new file that shares all blocks with another until either is written
 * (APFS). Takes a fixed number of arguments, so that it can be called on Apple silicon too.
 */
import { cString } from "./libc.ts";
import { made, repeat } from "./library.ts";

/** Do not follow a symbolic link as the source; sys/clonefile.h. */
const CLONE_NOFOLLOW = 0x0001;
/** Do not copy the owner: the new file is ours; sys/clonefile.h. */
const CLONE_NOOWNERCOPY = 0x0002;
const FLAGS = CLONE_NOFOLLOW | CLONE_NOOWNERCOPY;

/** The call as the C library has it: both paths end with a zero byte; -1 for a failure. */
export type Clonefile = (
  source: Uint8Array<ArrayBuffer>,
  target: Uint8Array<ArrayBuffer>,
  flags: number,
) => number;

/** Another library in place of the system's, for tests on computers that are no Mac. */
export interface CloneLibrary {
  clonefile: Clonefile;
  /** Where it leaves its error number, one of macOS's. */
  errno: Int32Array;
}

/** Whether this computer's library has the call. */
export function hasClonefile(): boolean {
  return made("clonefile", (c) => c.clonefile === null ? 0 : 1) === 1;
}

/**
 * Makes `target`, which does not exist, a clone of the file `source`.
 * @throws {SystemError} `ENOTSUP` where the file system cannot, `EXDEV` between two of them,
 * `EEXIST` when the target is there
 */
export function cloneFile(source: string, target: string, library?: CloneLibrary): void {
  const [from, to] = [cString(source), cString(target)];
  if (library !== undefined) {
    const { clonefile, errno } = library;
    repeat("clonefile", () => clonefile(from, to, FLAGS), errno, "darwin");
    return;
  }
  made("clonefile", (c) => {
    if (c.clonefile === null) throw new TypeError("clonefile(2) is macOS's own");
    return c.clonefile(from, to, FLAGS);
  });
}
