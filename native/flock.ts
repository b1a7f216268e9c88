/**
 * flock(2) on a raw descriptor. Deno's own lock needs a `Deno.FsFile`, whose descriptor cannot be
 * handed to a child; both are the same lock of the kernel.
 */

const LOCK_EX = 2;
const LOCK_NB = 4;

let library:
  | Deno.DynamicLibrary<{ flock: { parameters: ["i32", "i32"]; result: "i32" } }>
  | undefined;

/** Takes the exclusive lock without waiting; false when somebody else has it. */
export function lockExclusive(fd: number): boolean {
  library ??= Deno.dlopen(
    Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6",
    { flock: { parameters: ["i32", "i32"], result: "i32" } },
  );
  return library.symbols.flock(fd, LOCK_EX | LOCK_NB) === 0;
}
