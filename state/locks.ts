import { CocoonError } from "../errors/error.ts";

/** Milliseconds between two tries for a lock that is held. */
const RETRY_MS = 25;

/**
 * A lock on a file (`flock`), freed by `release`, by the end of the process however it comes, and
 * by nothing else. The file itself means nothing and may stay.
 */
export class FileLock implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Takes the lock if it is free now. Who holds it may remove the file: whoever opened it before
   * that notices, and tries the one that is there now.
   */
  static tryTake(path: string): FileLock | undefined {
    while (true) {
      const file = Deno.openSync(path, { create: true, write: true, mode: 0o600 });
      const taken = file.tryLockSync(true);
      if (taken && isFileAt(file, path)) return new FileLock(path, file);
      file.close();
      if (!taken) return undefined;
    }
  }

  /** Takes the lock, waiting for its holder at most `timeoutMs`; undefined at the deadline. */
  static async take(
    path: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<FileLock | undefined> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      signal?.throwIfAborted();
      const lock = FileLock.tryTake(path);
      if (lock !== undefined || performance.now() >= deadline) return lock;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Whether somebody holds the lock now. Asks with a shared lock, so that two can ask at once. */
  static isHeld(path: string): boolean {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { read: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
    const free = file.tryLockSync(false);
    file.close();
    return !free;
  }

  release(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Whether `path` still names this open file. */
function isFileAt(file: Deno.FsFile, path: string): boolean {
  try {
    const [opened, named] = [file.statSync(), Deno.statSync(path)];
    return opened.ino === named.ino && opened.dev === named.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The error of a verb that could not have its machine's lock. */
export function machineBusy(name: string): CocoonError {
  return new CocoonError("conflict", `machine "${name}" is busy: another command is changing it`, {
    hint: "Try again when that command has ended.",
  });
}
