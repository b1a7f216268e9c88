/** The end of a process's log, by which its failure is explained. */

/** Bytes of a log that are read at most. */
const LOG_TAIL_BYTES = 4_096;

/** Bytes of a file; 0 when there is none. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** The last of what was written to a log behind the offset `from`; empty when there is no log. */
export function tailOf(path: string, from: number): string {
  try {
    using file = Deno.openSync(path);
    const size = file.statSync().size;
    const start = Math.max(from, size - LOG_TAIL_BYTES);
    file.seekSync(start, Deno.SeekMode.Start);
    const buffer = new Uint8Array(size - start);
    const count = file.readSync(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count));
  } catch {
    return "";
  }
}
