import { CocoonError } from "../../errors/error.ts";
import { freeBytes, FullDiskError, KEPT_FREE_BYTES } from "../disk/space.ts";
import { TransientError } from "../sources/http_errors.ts";
import type { PartialDownload } from "./partial.ts";

/**
 * After a failure: leaves what was downloaded to the next command if that may succeed with it, and
 * removes it otherwise.
 * @param isInterrupted whether the user has ended the command
 */
export async function keepOrRemove(
  partial: PartialDownload,
  error: unknown,
  isInterrupted: boolean,
): Promise<void> {
  const isKept = isInterrupted || isWorthKeeping(error, partial);
  if (!isKept || !partial.canBeTakenUp) await partial.remove();
}

/** Whether the same download may succeed later: nothing is wrong with the file itself. */
function isWorthKeeping(error: unknown, partial: PartialDownload): boolean {
  if (error instanceof TransientError) return true;
  // What has itself filled the disk goes: the machines on it need the room.
  if (error instanceof FullDiskError) {
    return !partial.room.isFull && freeBytes(partial.directory) >= KEPT_FREE_BYTES;
  }
  return error instanceof CocoonError && error.code === "host-lacks";
}
