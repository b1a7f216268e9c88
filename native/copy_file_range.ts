/**
 * copy_file_range(2), Linux: bytes from one file to another without passing through this process,
 * shared instead of copied where the file system can (btrfs, xfs).
 */
import { SystemError } from "./errno.ts";

const SYMBOLS = {
  copy_file_range: {
    parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"],
    result: "isize",
  },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type CopyFileRange = (
  sourceFd: number,
  sourceOffset: BigInt64Array<ArrayBuffer>,
  targetFd: number,
  targetOffset: BigInt64Array<ArrayBuffer>,
  length: bigint,
  flags: number,
) => bigint;

let opened: { call: CopyFileRange; errno: Int32Array } | undefined;

function library(): { call: CopyFileRange; errno: Int32Array } {
  if (opened) return opened;
  const { symbols } = Deno.dlopen("libc.so.6", SYMBOLS);
  const location = symbols.__errno_location();
  if (location === null) throw new TypeError("the C library gave no place of errno");
  // errno is read as memory: a second foreign call would overwrite what it reads.
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  opened = { call: symbols.copy_file_range, errno };
  return opened;
}

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
  const { call, errno } = library();
  const from = BigInt64Array.of(BigInt(sourceOffset));
  const to = BigInt64Array.of(BigInt(targetOffset));
  while (true) {
    const copied = Number(call(sourceFd, from, targetFd, to, BigInt(length), 0));
    if (copied >= 0) return copied;
    const failure = new SystemError("copy_file_range", errno[0] ?? 0);
    if (failure.code !== "EINTR") throw failure;
  }
}
