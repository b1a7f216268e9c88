import { CocoonError } from "../errors/error.ts";
import { join } from "../host/path.ts";
import type { Home } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";

/** Its holders only rename, make folders and write records: milliseconds. */
const TIMEOUT_MS = 30_000;

/**
 * Runs `body` while nobody else changes which folders exist below `images/`. Never held over a
 * download, a conversion or the removal of a disk.
 */
export async function withImagesLock<T>(
  home: Home,
  body: () => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const path = join(home.locksDir, "images.lock");
  using lock = await FileLock.take(path, TIMEOUT_MS, signal);
  if (lock === undefined) {
    throw new CocoonError("conflict", "the image store is busy: another command is changing it", {
      hint: "Try again when that command has ended.",
    });
  }
  return await body();
}
