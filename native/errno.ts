/** Names and texts of the error numbers that cocoon's own system calls can give. */

interface ErrnoText {
  /** Number on Linux (asm-generic/errno.h; the same on x86_64 and aarch64). */
  linux: number;
  /** Number on macOS (sys/errno.h). */
  darwin: number;
  text: string;
}

const ERRNO = {
  EPERM: { linux: 1, darwin: 1, text: "operation not permitted" },
  ENOENT: { linux: 2, darwin: 2, text: "no such file or directory" },
  EINTR: { linux: 4, darwin: 4, text: "interrupted system call" },
  EIO: { linux: 5, darwin: 5, text: "input/output error" },
  ENXIO: { linux: 6, darwin: 6, text: "no such device or address" },
  EBADF: { linux: 9, darwin: 9, text: "bad file descriptor" },
  EAGAIN: { linux: 11, darwin: 35, text: "resource temporarily unavailable" },
  ENOMEM: { linux: 12, darwin: 12, text: "out of memory" },
  EACCES: { linux: 13, darwin: 13, text: "permission denied" },
  EEXIST: { linux: 17, darwin: 17, text: "file exists" },
  EXDEV: { linux: 18, darwin: 18, text: "the files are on different file systems" },
  ENOTDIR: { linux: 20, darwin: 20, text: "not a directory" },
  EISDIR: { linux: 21, darwin: 21, text: "is a directory" },
  EINVAL: { linux: 22, darwin: 22, text: "invalid argument" },
  EMFILE: { linux: 24, darwin: 24, text: "too many open files" },
  ENOTTY: { linux: 25, darwin: 25, text: "the file system does not know the request" },
  ETXTBSY: { linux: 26, darwin: 26, text: "the file is in use as a program or swap" },
  EFBIG: { linux: 27, darwin: 27, text: "file too large" },
  ENOSPC: { linux: 28, darwin: 28, text: "no space left on device" },
  EROFS: { linux: 30, darwin: 30, text: "read-only file system" },
  ENAMETOOLONG: { linux: 36, darwin: 63, text: "file name too long" },
  ENOSYS: { linux: 38, darwin: 78, text: "the system does not have this call" },
  EOPNOTSUPP: { linux: 95, darwin: 102, text: "operation not supported" },
  // One number with the one above on Linux; of its own on macOS, where clonefile(2) gives it.
  ENOTSUP: { linux: 95, darwin: 45, text: "operation not supported" },
  EDQUOT: { linux: 122, darwin: 69, text: "disk quota exceeded" },
} satisfies Record<string, ErrnoText>;

/** Symbolic name of an error number, as in errno(3). */
export type ErrnoName = keyof typeof ERRNO;

/** A system call that failed. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  /** Symbolic name, e.g. `EXDEV`; undefined for a number that cocoon has no name for. */
  readonly code: ErrnoName | undefined;

  /**
   * @param call name of the call, e.g. `ioctl(FICLONE)`
   * @param errno the number that the call left
   */
  constructor(readonly call: string, readonly errno: number, os: "linux" | "darwin" = thisOs()) {
    const code = nameOf(errno, os);
    super(`${call}: ${code === undefined ? `error ${errno}` : `${ERRNO[code].text} (${code})`}`);
    this.code = code;
  }
}

function nameOf(errno: number, os: "linux" | "darwin"): ErrnoName | undefined {
  for (const [name, entry] of Object.entries(ERRNO)) {
    // Object.entries() widens the keys of ERRNO, which are what ErrnoName is made of.
    if (entry[os] === errno) return name as ErrnoName;
  }
  return undefined;
}

function thisOs(): "linux" | "darwin" {
  return Deno.build.os === "darwin" ? "darwin" : "linux";
}
