import { CocoonError } from "../errors/error.ts";
import { join } from "../host/path.ts";
import type { Home } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";
import { withImagesLock } from "./images_lock.ts";

const LOCK_NAME = "lock";

/**
 * A folder for one image that is being added or removed: `images/staging/RANDOM/`. A lock in it is
 * held by whoever works there, so what a killed process left can be told from what is in use.
 */
export class Staging implements AsyncDisposable {
  readonly directory: string;
  readonly #lock: FileLock;

  private constructor(directory: string, lock: FileLock) {
    this.directory = directory;
    this.#lock = lock;
  }

  /** Makes a new one. Takes the images' lock; see {@linkcode Staging.make} for who has it. */
  static open(home: Home, signal?: AbortSignal): Promise<Staging> {
    return withImagesLock(home, () => Staging.make(home), signal);
  }

  /** Makes a new one, for a caller that holds the images' lock. */
  static make(home: Home): Staging {
    const random = crypto.getRandomValues(new Uint8Array(8)).toHex();
    const directory = join(home.stagingDir, random);
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = FileLock.tryTake(join(directory, LOCK_NAME));
    if (lock === undefined) throw new CocoonError("failed", `${directory}: is locked although new`);
    return new Staging(directory, lock);
  }

  /** Folders whose process is gone; for a caller that holds the images' lock. */
  static abandoned(home: Home): string[] {
    return [...Deno.readDirSync(home.stagingDir)].filter((entry) => entry.isDirectory)
      .map((entry) => join(home.stagingDir, entry.name))
      .filter((directory) => !FileLock.isHeld(join(directory, LOCK_NAME)));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Removes all that is left in it; the lock last, or what is left would look abandoned. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of namesIn(this.directory)) {
      if (name !== LOCK_NAME) await removeTree(this.path(name));
    }
    await removeTree(this.directory);
    this.#lock.release();
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Removes a folder; one that is gone already, or goes meanwhile, is no error. */
async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
