import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";

/**
 * Room that is left to the machines on the same file system, and bytes between two looks at it:
 * what comes between them cannot take all of it.
 */
export const KEPT_FREE_BYTES = 64 * 1024 * 1024;

/** The failure for want of room on the disk, which the file that was to be stored cannot help. */
export class FullDiskError extends CocoonError {}

/** Names of the errors that mean "no room". */
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Bytes that an ordinary user can still write to the file system of `path`. */
export async function freeBytes(path: string): Promise<number> {
  const { statfsSync } = await import("node:fs");
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * Refuses work that cannot fit, before it fills the disk under the machines that run on it.
 * @throws {CocoonError} `failed`
 */
export async function requireSpace(directory: string, neededBytes: number): Promise<void> {
  const free = await freeBytes(directory);
  if (neededBytes > free) {
    throw noSpace(
      directory,
      ` (${formatSize(neededBytes)} are needed, ${formatSize(free)} are free)`,
    );
  }
}

/**
 * Hands on what is written to a directory and whose length nobody knows before, as long as there is
 * room; ending it early ends `chunks`.
 * @throws {CocoonError} `failed` (from the iteration)
 */
export async function* leavingSpace<Chunk extends Uint8Array>(
  directory: string,
  chunks: AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  let totalBytes = 0;
  let nextLook = 0;
  for await (const chunk of chunks) {
    if (totalBytes >= nextLook) {
      await requireSpace(directory, KEPT_FREE_BYTES);
      nextLook = totalBytes + KEPT_FREE_BYTES;
    }
    totalBytes += chunk.length;
    yield chunk;
  }
}

/** The error itself, or, when it is a full disk, one that says so and how much is free. */
export async function explainFullDisk(error: unknown, directory: string): Promise<unknown> {
  if (!(error instanceof Error) || !("code" in error) || !FULL.includes(error.code)) return error;
  const free = await freeBytes(directory).catch(() => undefined);
  return noSpace(directory, free === undefined ? "" : ` (${formatSize(free)} are free)`, error);
}

function noSpace(directory: string, numbers: string, cause?: unknown): FullDiskError {
  return new FullDiskError("failed", `no space left on the disk of ${directory}${numbers}`, {
    cause,
    hint: "Make room: `cocoon gc` removes what nothing uses, `cocoon image rm` an image.",
  });
}
