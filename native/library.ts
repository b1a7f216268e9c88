/**
 * The C library, opened by the first call; a command that needs none pays nothing. The files beside
 * this one have one function for each call.
 *
 * Deno's FFI has no variadic calls. On Linux variadic integers travel like fixed ones, so `ioctl`
 * and `open` with all their arguments work there; on Apple arm64 they travel on the stack and do
 * not. What is not marked "Linux only" passes no variadic argument and works on both.
 */
import { SystemError } from "./errno.ts";

const SYMBOLS = {
  copy_file_range: {
    parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"],
    result: "isize",
    // Not in macOS's library.
    optional: true,
  },
  // macOS's own; sys/clonefile.h.
  clonefile: { parameters: ["buffer", "buffer", "u32"], result: "i32", optional: true },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "i64"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
  errnoLocation: {
    name: Deno.build.os === "darwin" ? "__error" : "__errno_location",
    parameters: [],
    result: "pointer",
  },
} as const satisfies Deno.ForeignLibraryInterface;

interface Library {
  calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** errno of this thread, as memory: a second foreign call would overwrite what it reads. */
  errno: Int32Array;
}

let opened: Library | undefined;

function library(): Library {
  if (opened) return opened;
  const path = Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";
  const calls = Deno.dlopen(path, SYMBOLS).symbols;
  const location = calls.errnoLocation();
  if (location === null) throw new TypeError("the C library gave no place of errno");
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  opened = { calls, errno };
  return opened;
}

/** Makes one call of the C library; see {@linkcode repeat}. */
export function made<R extends number | bigint>(
  name: string,
  call: (calls: Library["calls"]) => R,
): R {
  const { calls, errno } = library();
  return repeat(name, () => call(calls), errno);
}

/**
 * Makes one call again for as long as a signal interrupts it; any other failure is thrown.
 * Nothing may come between a call and the reading of errno.
 * @param errno the place where the call leaves its number
 * @param os whose numbers they are
 */
export function repeat<R extends number | bigint>(
  name: string,
  call: () => R,
  errno: Int32Array,
  os?: "linux" | "darwin",
): R {
  while (true) {
    const result = call();
    if (result >= 0) return result;
    const failure = new SystemError(name, errno[0] ?? 0, os);
    if (failure.code !== "EINTR") throw failure;
  }
}
