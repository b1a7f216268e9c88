/**
 * copy_file_range(2), Linux: bytes from one file to another without passing through this process,
 * shared instead of copied where the file system can (btrfs, xfs).
 */
import { made } from "./library.ts";

/**
 * Copies up to `length` bytes between the given places and returns how many, 0 at the source's
 * end. The descriptors' own positions stay. Linux only.
 * @throws {SystemError} `EXDEV`, `EINVAL`, `EOPNOTSUPP` or `ENOSYS` where the two files cannot be
 * copied this way; `ENOSPC` and the like
 */
export function copyFileRange(
  sourceFd: number,
  sourceOffset: number,
  targetFd: number,
  targetOffset: number,
  length: number,
): number {
  const from = BigInt64Array.of(BigInt(sourceOffset));
  const to = BigInt64Array.of(BigInt(targetOffset));
  return Number(made("copy_file_range", (c) => {
    if (c.copy_file_range === null) throw new TypeError("copy_file_range(2) is Linux's own");
    return c.copy_file_range(sourceFd, from, targetFd, to, BigInt(length), 0);
  }));
}
