/** A console log that is kept within bounds. */

/** Bytes at which the log is set aside. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;
/** On a full disk a log that is so many times too large is emptied without a copy. */
const FULL_DISK_FACTOR = 4;
/** How many older logs are kept: `console.log.1` is the newest of them. */
export const KEPT_LOGS = 3;

/**
 * Sets a log aside when it is full: copies it to `PATH.1` and empties it. Copied and not renamed,
 * because a hypervisor that writes it keeps its descriptor; both writers append, so an emptied
 * file is filled from its start. Bytes written between the copy and the cut are lost.
 * @returns whether the log was full
 */
export function rotateLog(path: string, maxBytes = MAX_LOG_BYTES, kept = KEPT_LOGS): boolean {
  let size: number;
  try {
    size = Deno.statSync(path).size;
  } catch {
    return false;
  }
  if (size < maxBytes) return false;
  const copy = `${path}.new`;
  try {
    Deno.copyFileSync(path, copy);
    for (let number = kept; number > 1; number--) {
      move(`${path}.${number - 1}`, `${path}.${number}`);
    }
    Deno.renameSync(copy, `${path}.1`);
  } catch (error) {
    // A full disk: the older logs stay as they are, and the log goes on growing for a while.
    move(copy, undefined);
    if (size < maxBytes * FULL_DISK_FACTOR) throw error;
  }
  Deno.truncateSync(path, 0);
  return true;
}

/** Renames a file, or removes it; one that is not there is no error. */
function move(path: string, target: string | undefined): void {
  try {
    if (target === undefined) Deno.removeSync(path);
    else Deno.renameSync(path, target);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The last bytes of a log; empty when there is none. */
export function readTail(path: string, maxBytes: number): Uint8Array {
  try {
    using file = Deno.openSync(path);
    const start = Math.max(0, file.statSync().size - maxBytes);
    file.seekSync(start, Deno.SeekMode.Start);
    const buffer = new Uint8Array(maxBytes);
    let length = 0;
    while (length < maxBytes) {
      const count = file.readSync(buffer.subarray(length));
      if (count === null) break;
      length += count;
    }
    return buffer.slice(0, length);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}
