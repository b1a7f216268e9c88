import { CocoonError } from "../../errors/error.ts";
import { dirname, join } from "../../host/path.ts";
import { Room } from "../disk/space.ts";
import type { Home } from "../../state/home.ts";
import { FileLock } from "../../state/locks.ts";
import { pause } from "../sources/deadline.ts";
import { readJournal } from "./journal.ts";

/** Milliseconds between two looks at a download that another command is at. */
const WAIT_STEP_MS = 200;
/** Whoever is at it has deadlines of its own; this only ends a wait for a stopped process. */
const WAIT_TIMEOUT_MS = 12 * 60 * 60 * 1000;

/** Options of {@linkcode PartialDownload.open}. */
export interface OpenPartialOptions {
  signal?: AbortSignal | undefined;
  /** Called while another command is at the same download, with how far that one is. */
  onWait?: ((doneBytes: number, totalBytes: number | undefined) => void) | undefined;
}

/**
 * What has been downloaded of a URL or of a registry's blob: `images/partial/KEY/`, and beside it
 * `KEY.lock`, which is held by the one command that fetches it. It outlives that command, so that
 * the next one goes on.
 */
export class PartialDownload implements Disposable {
  readonly directory: string;
  /** Whether another command was at it first. */
  readonly waited: boolean;
  /** Of what is downloaded into it. */
  readonly room: Room;
  readonly #lock: FileLock;

  private constructor(directory: string, lock: FileLock, waited: boolean) {
    this.directory = directory;
    this.#lock = lock;
    this.waited = waited;
    this.room = new Room(directory);
  }

  /**
   * Takes the download of a source, waiting for the command that is at it.
   * @param source the URL without user and password, or the digest of a blob
   * @throws {CocoonError} `conflict` after twelve hours
   */
  static async open(
    home: Home,
    source: string,
    { signal = new AbortController().signal, onWait }: OpenPartialOptions = {},
  ): Promise<PartialDownload> {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(source));
    const directory = join(home.partialDir, new Uint8Array(hash).toHex().slice(0, 32));
    const deadline = performance.now() + WAIT_TIMEOUT_MS;
    for (let waited = false;; waited = true) {
      const partial = PartialDownload.tryOpen(directory, waited);
      if (partial !== undefined) return partial;
      if (performance.now() >= deadline) {
        throw new CocoonError("conflict", "another command has been downloading it for hours");
      }
      const map = (await readJournal(join(directory, "journal.json")))?.map;
      onWait?.(map?.doneBytes ?? 0, map?.totalBytes);
      await pause(WAIT_STEP_MS, signal);
    }
  }

  /** Takes the download in this folder if nobody is at it. */
  static tryOpen(directory: string, waited = false): PartialDownload | undefined {
    Deno.mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
    const lock = FileLock.tryTake(`${directory}.lock`);
    if (lock === undefined) return undefined;
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new PartialDownload(directory, lock, waited);
  }

  /** Folders of all downloads, taken or not. */
  static folders(home: Home): string[] {
    try {
      return [...Deno.readDirSync(home.partialDir)].filter((entry) => entry.isDirectory)
        .map((entry) => join(home.partialDir, entry.name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return []; // nothing was ever downloaded
      throw error;
    }
  }

  get dataPath(): string {
    return join(this.directory, "data");
  }

  get journalPath(): string {
    return join(this.directory, "journal.json");
  }

  /** Whether there is something that another command can go on with. */
  get canBeTakenUp(): boolean {
    return [this.journalPath, this.dataPath].every((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    });
  }

  /** Throws away what has been downloaded, the journal first. */
  async clear(): Promise<void> {
    for (const path of [this.journalPath, this.dataPath]) {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  /** Removes the folder, and the lock after it, which stays held until the disposal. */
  async remove(): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
    await Deno.remove(this.#lock.path);
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }
}
