/** Calls on files that Deno does not offer. */
import { SystemError } from "./errno.ts";
import { made } from "./library.ts";

/** open(2) flags, from asm-generic/fcntl.h, arm64's fcntl.h and macOS's sys/fcntl.h. */
const O_RDONLY = 0;
const O_RDWR = 2;
const O_CLOEXEC = Deno.build.os === "darwin" ? 0x1000000 : 0x80000;
const O_TMPFILE_LINUX = 0x400000 | (Deno.build.arch === "aarch64" ? 0x4000 : 0x10000);

/**
 * Opens an existing file; a child process does not inherit the descriptor.
 * @throws {SystemError}
 */
export function openFile(path: string, access: "read" | "read-write"): number {
  const flags = (access === "read" ? O_RDONLY : O_RDWR) | O_CLOEXEC;
  // Without O_CREAT the mode is not looked at, wherever a variadic argument would have to be.
  return made(`open ${path}`, (c) => c.open(cString(path), flags, 0));
}

/**
 * Opens a new file in `directory` that has no name and is gone when it is closed. Linux only.
 * @throws {SystemError} `EOPNOTSUPP` where the file system cannot
 */
export function openUnnamedFile(directory: string): number {
  const flags = O_TMPFILE_LINUX | O_RDWR | O_CLOEXEC;
  return made(`open ${directory}`, (c) => c.open(cString(directory), flags, 0o600));
}

/** Closes a descriptor of {@linkcode openFile}. Never throws: on Linux it is gone in any case. */
export function closeFile(fd: number): void {
  try {
    made("close", (c) => c.close(fd));
  } catch {
    // Nothing could be done about it.
  }
}

/**
 * Writes the bytes at the descriptor's position; returns how many were taken.
 * @throws {SystemError}
 */
export function writeFile(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return Number(made("write", (c) => c.write(fd, bytes, BigInt(bytes.length))));
}

/** `_IOW(0x94, 9, int)`, linux/fs.h; the same number on x86_64 and aarch64. */
const FICLONE = 0x40049409n;

/**
 * Makes the target file share all blocks of the source (copy on write). Linux only.
 * @throws {SystemError} `EOPNOTSUPP`, `EXDEV`, `EINVAL` or `ENOTTY` where that is not possible
 */
export function reflink(sourceFd: number, targetFd: number): void {
  made("ioctl(FICLONE)", (c) => c.ioctl(targetFd, FICLONE, BigInt(sourceFd)));
}

/** lseek(2) modes; Linux and macOS have them the other way round. */
const SEEK_DATA = Deno.build.os === "darwin" ? 4 : 3;
const SEEK_HOLE = Deno.build.os === "darwin" ? 3 : 4;

/**
 * Offset of the first data at or after `offset`; undefined when only a hole follows.
 * @throws {SystemError} `EINVAL` where the file system cannot tell
 */
export function seekData(fd: number, offset: number): number | undefined {
  try {
    return Number(made("lseek(SEEK_DATA)", (c) => c.lseek(fd, BigInt(offset), SEEK_DATA)));
  } catch (error) {
    if (error instanceof SystemError && error.code === "ENXIO") return undefined;
    throw error;
  }
}

/**
 * Offset of the first hole at or after `offset`, which lies before the end; the end counts as one.
 * @throws {SystemError} `EINVAL` where the file system cannot tell
 */
export function seekHole(fd: number, offset: number): number {
  return Number(made("lseek(SEEK_HOLE)", (c) => c.lseek(fd, BigInt(offset), SEEK_HOLE)));
}

/** A path as C has it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("a path cannot contain a zero byte");
  return new TextEncoder().encode(`${text}\0`);
}
