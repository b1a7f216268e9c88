/**
 * Calls of the C library that move frames. Linux only, as the stand-in is; numbers from asm-generic
 * and linux/if_tun.h.
 */
const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvfrom: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
    result: "isize",
  },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // Waits in another thread.
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type Calls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
export type Bytes = Uint8Array<ArrayBuffer>;

let opened: { calls: Calls; errno: Int32Array } | undefined;

/** The calls, and errno of this thread as memory. */
export function library(): { calls: Calls; errno: Int32Array } {
  if (opened !== undefined) return opened;
  const calls = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const location = calls.__errno_location();
  if (location === null) throw new TypeError("the C library gave no place of errno");
  opened = { calls, errno: new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4)) };
  return opened;
}

/** A call that failed. */
export class CallError extends Error {
  override readonly name = "CallError";

  constructor(readonly call: string, readonly errno: number) {
    super(strerror(errno));
  }
}

/** @throws {CallError} */
export function made<R extends number | bigint>(call: string, make: (calls: Calls) => R): R {
  const { calls, errno } = library();
  while (true) {
    const result = make(calls);
    if (result >= 0) return result;
    const number = errno[0] ?? 0;
    if (number !== EINTR) throw new CallError(call, number);
  }
}

const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOTSOCK = 88;

/** strerror(3) as macOS words it. */
const TEXTS: Readonly<Record<number, string>> = {
  2: "No such file or directory",
  [EBADF]: "Bad file descriptor",
  [EAGAIN]: "Resource temporarily unavailable",
  13: "Permission denied",
  20: "Not a directory",
  21: "Is a directory",
  22: "Invalid argument",
  36: "File name too long",
  39: "Directory not empty",
  [ENOTSOCK]: "Socket operation on non-socket",
  91: "Protocol wrong type for socket",
  98: "Address already in use",
  104: "Connection reset by peer",
  107: "Socket is not connected",
  111: "Connection refused",
};

export function strerror(errno: number): string {
  return TEXTS[errno] ?? `Unknown error: ${errno}`;
}

/** A path as C has it. */
export function cString(text: string): Bytes {
  return new TextEncoder().encode(`${text}\0`);
}

const F_GETFL = 3;
const O_NONBLOCK = 0x800;
const FIOCLEX = 0x5451n;

/** Whether the open file, whoever has made it so, does not wait. @throws {CallError} */
export function isNonBlocking(fd: number): boolean {
  return (made("fcntl", (c) => c.fcntl(fd, F_GETFL, 0n)) & O_NONBLOCK) !== 0;
}

/** Keeps a descriptor from children; one that is closed is no error. */
export function closeOnExec(fd: number): void {
  library().calls.ioctl(fd, FIOCLEX, null);
}

const POLLIN = 1;

/** Waits until one of the descriptors has something, be it an error. */
export async function readable(...fds: number[]): Promise<void> {
  // struct pollfd: the descriptor in 32 bits, what is asked and what is answered in 16 each.
  const list = new Int32Array(fds.flatMap((fd) => [fd, POLLIN]));
  await library().calls.poll(list, BigInt(fds.length), -1);
}
