import { copyFileRange } from "../../native/copy_file_range.ts";
import { SystemError } from "../../native/errno.ts";
import { closeFile, openFile } from "../../native/libc.ts";

/** Errors that say "not between these two files" and nothing about the data. */
const IMPOSSIBLE: readonly (string | undefined)[] = [
  "EXDEV",
  "EINVAL",
  "EOPNOTSUPP",
  "ENOSYS",
  "EPERM",
];

/**
 * Copies stretches from one file to another inside the kernel where that is possible (Linux, as a
 * rule within one file system); half the time of reading and writing, next to none on btrfs and
 * xfs.
 */
export class RangeCopier implements Disposable {
  readonly #sourceFd: number;
  readonly #targetFd: number;
  #possible = true;

  private constructor(sourceFd: number, targetFd: number) {
    this.#sourceFd = sourceFd;
    this.#targetFd = targetFd;
  }

  /** undefined where the system has no such call. */
  static open(sourcePath: string, targetPath: string): RangeCopier | undefined {
    // The system that this program was built for, and not the host's `os`: the C library that is
    // loaded into this process (a worker, which has no host) has the call or has it not.
    if (Deno.build.os !== "linux") return undefined;
    const sourceFd = openFile(sourcePath, "read");
    try {
      return new RangeCopier(sourceFd, openFile(targetPath, "read-write"));
    } catch (error) {
      closeFile(sourceFd);
      throw error;
    }
  }

  /**
   * Copies the stretch; false when that is not possible between these files, whether or not a part
   * of it has been copied.
   * @throws {SystemError} for a full disk and the like
   */
  copy(sourceOffset: number, targetOffset: number, length: number): boolean {
    if (!this.#possible) return false;
    for (let done = 0; done < length;) {
      let copied: number;
      try {
        copied = copyFileRange(
          this.#sourceFd,
          sourceOffset + done,
          this.#targetFd,
          targetOffset + done,
          length - done,
        );
      } catch (error) {
        if (!(error instanceof SystemError) || !IMPOSSIBLE.includes(error.code)) throw error;
        copied = 0;
      }
      // 0 before the end: some file systems answer so instead of failing.
      if (copied === 0) {
        this.#possible = false;
        return false;
      }
      done += copied;
    }
    return true;
  }

  [Symbol.dispose](): void {
    closeFile(this.#sourceFd);
    closeFile(this.#targetFd);
  }
}
