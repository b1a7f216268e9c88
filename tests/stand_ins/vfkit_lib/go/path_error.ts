/** Go's errors of file operations: `open /a/b: no such file or directory`. */
import { VfkitError } from "../error.ts";

/** Which error of Deno has which of the C library's texts. */
const TEXTS: readonly [new (message?: string) => Error, string][] = [
  [Deno.errors.NotFound, "no such file or directory"],
  [Deno.errors.PermissionDenied, "permission denied"],
  [Deno.errors.AlreadyExists, "file exists"],
  [Deno.errors.NotADirectory, "not a directory"],
  [Deno.errors.IsADirectory, "is a directory"],
  [Deno.errors.AddrInUse, "address already in use"],
  [Deno.errors.AddrNotAvailable, "cannot assign requested address"],
  [Deno.errors.FilesystemLoop, "too many levels of symbolic links"],
];

/** The system's word for what went wrong. */
export function errnoText(error: unknown): string {
  for (const [type, text] of TEXTS) {
    if (error instanceof type) return text;
  }
  const message = error instanceof Error ? error.message : String(error);
  // "Is a directory (os error 21): open 'x'"
  const words = /^(.*) \(os error \d+\)/.exec(message)?.[1] ?? message;
  return words.charAt(0).toLowerCase() + words.slice(1);
}

/** `fs.PathError`. */
export function pathError(operation: string, path: string, error: unknown): VfkitError {
  return new VfkitError(`${operation} ${path}: ${errnoText(error)}`);
}

/** `os.Stat`. */
export function stat(path: string): Deno.FileInfo {
  try {
    return Deno.statSync(path);
  } catch (error) {
    throw pathError("stat", path, error);
  }
}
