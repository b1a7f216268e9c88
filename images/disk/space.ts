import { statfsSync } from "node:fs";
import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";

/** Room in bytes that is left to the machines on the same file system. */
export const KEPT_FREE_BYTES = 64 * 1024 * 1024;

/** Bytes that are written between two looks at the room: what others take is seen in time. */
const LOOK_BYTES = 16 * 1024 * 1024;

/** The failure for want of room on the disk, which the file that was to be stored cannot help. */
export class FullDiskError extends CocoonError {}

/** Names of the errors that mean "no room". */
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Bytes that an ordinary user can still write to the file system of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * Refuses work that cannot fit, before it fills the disk under the machines that run on it.
 * @param neededBytes beside which {@linkcode KEPT_FREE_BYTES} have to be left
 * @throws {FullDiskError}
 */
export function requireSpace(directory: string, neededBytes: number): void {
  const free = freeBytes(directory);
  if (neededBytes + KEPT_FREE_BYTES > free) throw tooFull(directory, neededBytes, free);
}

/**
 * Watches the room of a file system while something is written there whose length nobody knows
 * before; {@linkcode KEPT_FREE_BYTES} are left.
 */
export class Room {
  readonly #directory: string;
  /** Bytes that may be written before the next look. */
  #grantedBytes = 0;
  #isFull = false;

  /** @param directory where it is written, or any other of the same file system */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether something had no room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /**
   * To be called before so many bytes are written; holes are none.
   * @throws {FullDiskError} when there is no room for them
   */
  take(bytes: number): void {
    if (bytes > this.#grantedBytes) {
      const free = this.look(bytes);
      this.#grantedBytes = Math.min(Math.max(bytes, LOOK_BYTES), free - KEPT_FREE_BYTES);
    }
    this.#grantedBytes -= bytes;
  }

  /**
   * Looks at once, for what another program writes; returns how many bytes are free.
   * @throws {FullDiskError} when there is no room for so many more
   */
  look(moreBytes = 0): number {
    const free = freeBytes(this.#directory);
    if (moreBytes + KEPT_FREE_BYTES > free) {
      this.#isFull = true;
      throw tooFull(this.#directory, moreBytes, free);
    }
    return free;
  }
}

/**
 * Hands on what is written to a directory and whose length nobody knows before, as long as there is
 * room; ending it early ends `chunks`.
 * @throws {FullDiskError} from the iteration
 */
export async function* leavingSpace<Chunk extends Uint8Array>(
  directory: string,
  chunks: AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  const room = new Room(directory);
  for await (const chunk of chunks) {
    room.take(chunk.length);
    yield chunk;
  }
}

/** The error itself, or, when it is a full disk, one that says so and how much is free. */
export function explainFullDisk(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || !FULL.includes(error.code)) return error;
  let numbers = "";
  try {
    numbers = ` (${formatSize(freeBytes(directory))} are free)`;
  } catch { /* it is said without */ }
  return noSpace(directory, numbers, error);
}

function tooFull(directory: string, neededBytes: number, free: number): FullDiskError {
  const kept = formatSize(KEPT_FREE_BYTES);
  const needed = neededBytes === 0 ? "" : `${formatSize(neededBytes)} are needed beside `;
  return noSpace(directory, ` (${needed}${kept} for the machines, ${formatSize(free)} are free)`);
}

function noSpace(directory: string, numbers: string, cause?: unknown): FullDiskError {
  return new FullDiskError("failed", `no space left on the disk of ${directory}${numbers}`, {
    cause,
    hint: "Make room: `cocoon gc` removes what nothing uses, `cocoon image rm` an image.",
  });
}
