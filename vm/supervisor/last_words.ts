/** What a guest's kernel says last on its console. */

/** How a guest ended by itself. */
export type LastWords = "reboot" | "off";

/** Bytes of the console's log that are read; the words are in its last lines. */
const TAIL_BYTES = 4_096;

/**
 * Linux says these at its highest level, which no console leaves out (kernel/reboot.c). Firmware
 * and whoever prints to the console may say anything else behind them.
 */
const LINUX = /reboot: (?:(Restarting system)|Power down|System halted)/g;

/**
 * The last words in a console's text; undefined when there are none, as when the kernel writes to
 * another console.
 */
export function lastWords(text: string): LastWords | undefined {
  const last = [...text.matchAll(LINUX)].at(-1);
  if (last === undefined) return undefined;
  return last[1] === undefined ? "off" : "reboot";
}

/** The last words in a log; undefined also for a log that cannot be read. */
export function lastWordsOf(logPath: string): LastWords | undefined {
  try {
    using file = Deno.openSync(logPath);
    const { size } = file.statSync();
    file.seekSync(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
    const buffer = new Uint8Array(TAIL_BYTES);
    return lastWords(new TextDecoder().decode(buffer.subarray(0, file.readSync(buffer) ?? 0)));
  } catch {
    return undefined;
  }
}
