import { CocoonError, messageOf } from "../../errors/error.ts";
import { CHUNK_BYTES } from "../limits.ts";

/**
 * A regular file, open for reading from its beginning.
 * @throws {CocoonError} `not-found`, or `failed` with the reason
 */
export async function openSourceFile(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    const { isFile } = await Deno.stat(path);
    // Asked before it is opened: opening a pipe would wait for somebody who writes to it.
    if (!isFile) throw new CocoonError("failed", "it is no regular file");
    file = await Deno.open(path, { read: true });
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new CocoonError("not-found", "no such file", { cause });
    }
    const why = cause instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : messageOf(cause);
    throw new CocoonError("failed", `it cannot be read: ${why}`, { cause });
  }
  return file;
}

/** The file's content from its position on, in pieces that are overwritten by the next. */
export async function* fileChunks(file: Deno.FsFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  while (true) {
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/**
 * What tells that a file is the one of before, unchanged: device, inode, size, and both times in
 * milliseconds (the change time moves even when a program sets the modification time back).
 */
export interface FileIdentity {
  key: string;
  size: number;
  /** Milliseconds since the epoch of the last change. */
  changedAtMs: number;
}

/** Identity of a file now. */
export async function fileIdentity(path: string): Promise<FileIdentity> {
  const { dev, ino, size, mtime, ctime } = await Deno.stat(path);
  const changedAtMs = ctime?.getTime() ?? Date.now();
  return { key: [dev, ino, size, mtime?.getTime(), changedAtMs].join(":"), size, changedAtMs };
}
