/**
 * A clonefile(2) for computers that are no Mac: a function of ours behind a C function pointer, so
 * that a caller goes through the foreign-function interface with the very types of the real call.
 * For tests only.
 */
import type { CloneLibrary } from "../clonefile.ts";

/** macOS's numbers; sys/errno.h. */
export const DARWIN_ERRNO = {
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENOSPC: 28,
  ENOTSUP: 45,
} as const;

/** sys/clonefile.h: `int clonefile(const char *, const char *, uint32_t)`. */
const DEFINITION = { parameters: ["buffer", "buffer", "u32"], result: "i32" } as const;

/** What the call was given. */
export interface CloneCall {
  source: string;
  target: string;
  flags: number;
}

/** A library that is closed at the end of a scope. */
export interface StandInCloneLibrary extends CloneLibrary, Disposable {
  calls: CloneCall[];
}

/**
 * @param respond the error number of each call, or undefined to clone for real (by copying)
 */
export function standInCloneLibrary(
  respond: (call: CloneCall) => number | undefined = () => undefined,
): StandInCloneLibrary {
  const errno = new Int32Array(1);
  const calls: CloneCall[] = [];
  const callback = new Deno.UnsafeCallback(DEFINITION, (source, target, flags) => {
    const call = { source: text(source), target: text(target), flags };
    calls.push(call);
    errno[0] = respond(call) ?? copy(call);
    return errno[0] === 0 ? 0 : -1;
  });
  const pointer = new Deno.UnsafeFnPointer(callback.pointer, DEFINITION);
  return {
    clonefile: (source, target, flags) => pointer.call(source, target, flags),
    errno,
    calls,
    [Symbol.dispose]: () => callback.close(),
  };
}

function text(pointer: Deno.PointerValue): string {
  if (pointer === null) throw new TypeError("a path is a null pointer");
  return Deno.UnsafePointerView.getCString(pointer);
}

/** As the real call: a new file with the same mode and holes, or none; 0 or an error number. */
function copy({ source, target }: CloneCall): number {
  try {
    Deno.writeFileSync(target, new Uint8Array(), { createNew: true });
    const args = ["--sparse=always", "--preserve=mode", "--", source, target];
    if (new Deno.Command("cp", { args, stderr: "null" }).outputSync().success) return 0;
    Deno.removeSync(target);
    return DARWIN_ERRNO.EIO;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return DARWIN_ERRNO.ENOENT;
    if (error instanceof Deno.errors.AlreadyExists) return DARWIN_ERRNO.EEXIST;
    return DARWIN_ERRNO.EIO;
  }
}
