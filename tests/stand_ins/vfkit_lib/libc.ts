/**
 * Calls of the C library that the stand-in needs and Deno has not: datagram sockets that another
 * program takes over, and pseudo terminals. Linux only, as the stand-in is.
 */
import { VfkitError } from "./error.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  openpty: { parameters: ["buffer", "buffer", "buffer", "pointer", "pointer"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

let opened:
  | { calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]; errno: Int32Array }
  | undefined;

function library() {
  if (opened !== undefined) return opened;
  const calls = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const location = calls.__errno_location();
  if (location === null) throw new TypeError("the C library gave no place of errno");
  // As memory: a second foreign call could overwrite the number that it is asked for.
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  opened = { calls, errno };
  return opened;
}

/** strerror(3) as Go words it, by the numbers of asm-generic/errno.h. */
const TEXTS: Readonly<Record<number, string>> = {
  2: "no such file or directory",
  9: "bad file descriptor",
  13: "permission denied",
  20: "not a directory",
  36: "file name too long",
  88: "socket operation on non-socket",
  91: "protocol wrong type for socket",
  98: "address already in use",
  111: "connection refused",
};

/** @throws {VfkitError} `CALL: TEXT` */
function made<R extends number | bigint>(
  name: string,
  call: (calls: ReturnType<typeof library>["calls"]) => R,
): R {
  const { calls, errno } = library();
  const result = call(calls);
  if (result < 0) throw new VfkitError(`${name}: ${TEXTS[errno[0] ?? 0] ?? `errno ${errno[0]}`}`);
  return result;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const TCSANOW = 0;
const EAGAIN = 11;
/** asm-generic/ioctls.h */
const FIOCLEX = 0x5451n;
const FIONBIO = 0x5421n;
const FIONREAD = 0x541bn;

/** A datagram socket that children inherit. */
export function datagramSocket(): number {
  return made("socket", (c) => c.socket(AF_UNIX, SOCK_DGRAM, 0));
}

/** @throws {VfkitError} `bind: TEXT` */
export function bindUnix(fd: number, path: string): void {
  const address = unixAddress(path);
  made("bind", (c) => c.bind(fd, address, address.length));
}

/** @throws {VfkitError} `connect: TEXT` */
export function connectUnix(fd: number, path: string): void {
  const address = unixAddress(path);
  made("connect", (c) => c.connect(fd, address, address.length));
}

/** `struct sockaddr_un`: the family, the path, a zero. */
function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + bytes.length + 1);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  return address;
}

/** @throws {VfkitError} `write: TEXT` */
export function sendDatagram(fd: number, data: string): void {
  const bytes = new TextEncoder().encode(data);
  made("write", (c) => c.send(fd, bytes, BigInt(bytes.length), 0));
}

/** Sizes of a socket's buffers; the kernel may give less. */
export function setBuffers(fd: number, sendBytes: number, receiveBytes: number): void {
  made("setsockopt", (c) => c.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, Int32Array.of(sendBytes), 4));
  made(
    "setsockopt",
    (c) => c.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, Int32Array.of(receiveBytes), 4),
  );
}

/**
 * Whether the descriptor is a datagram socket.
 * @throws {VfkitError} `getsockopt: TEXT` for no socket at all
 */
export function isDatagramSocket(fd: number): boolean {
  const type = new Int32Array(1);
  made("getsockopt", (c) => c.getsockopt(fd, SOL_SOCKET, SO_TYPE, type, Int32Array.of(4)));
  return type[0] === SOCK_DGRAM;
}

/** Both ends of a new pseudo terminal in raw mode; children inherit neither. */
export function openPty(): { master: number; slave: number; path: string } {
  const ends = [new Int32Array(1), new Int32Array(1)] as const;
  const name = new Uint8Array(256);
  made("openpty", (c) => c.openpty(ends[0], ends[1], name, null, null));
  const [master, slave] = [ends[0][0] ?? -1, ends[1][0] ?? -1];
  const path = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
  // `struct termios` has 60 bytes here.
  const attributes = new Uint8Array(128);
  made("tcgetattr", (c) => c.tcgetattr(slave, attributes));
  library().calls.cfmakeraw(attributes);
  made("tcsetattr", (c) => c.tcsetattr(slave, TCSANOW, attributes));
  made("ioctl", (c) => c.ioctl(master, FIONBIO, Int32Array.of(1)));
  setCloseOnExec(master);
  setCloseOnExec(slave);
  return { master, slave, path };
}

/** Bytes that wait on a terminal for somebody who reads it. */
export function unreadBytes(slave: number): number {
  const count = new Int32Array(1);
  made("ioctl", (c) => c.ioctl(slave, FIONREAD, count));
  return count[0] ?? 0;
}

/** Writes what there is room for and returns how much that was. */
export function writeSome(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const { calls, errno } = library();
  const written = Number(calls.write(fd, bytes, BigInt(bytes.length)));
  if (written >= 0) return written;
  if (errno[0] === EAGAIN) return 0;
  throw new VfkitError(`write: errno ${errno[0]}`);
}

/** Keeps a descriptor from children. */
export function setCloseOnExec(fd: number): void {
  made("ioctl", (c) => c.ioctl(fd, FIOCLEX, null));
}

export function closeFd(fd: number): void {
  library().calls.close(fd);
}
