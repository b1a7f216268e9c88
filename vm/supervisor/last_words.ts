/** What a guest says last on its console. */

/** How a guest ended by itself. */
export type LastWords = "reboot" | "off";

/** Bytes of the console's log that are read; the words are in its last lines. */
const TAIL_BYTES = 4_096;

/**
 * systemd names its last target, in all of its releases; its colours are taken out before. Linux
 * says its words at the highest level, which no console leaves out (kernel/reboot.c), but newer
 * kernels have let go of a virtio console by then.
 */
const WORDS = new RegExp(
  [
    /Reached target (?:\S+ - )?(?:System )?(?:(Reboot)|Power[ -]Off|Halt)\b/,
    /reboot: (?:(Restarting system)|Power down|System halted)/,
  ].map(({ source }) => source).join("|"),
  "g",
);

// deno-lint-ignore no-control-regex -- terminals' colours begin with one
const COLOURS = /\x1b\[[0-9;]*m/g;

/**
 * The last words in a console's text; undefined when there are none, as when the guest says them
 * on another console.
 */
export function lastWords(text: string): LastWords | undefined {
  const last = [...text.replace(COLOURS, "").matchAll(WORDS)].at(-1);
  if (last === undefined) return undefined;
  return last[1] === undefined && last[2] === undefined ? "off" : "reboot";
}

/**
 * The last words in a log; undefined also for a log that cannot be read.
 * @param start bytes at its beginning that are an earlier run's; a log that is shorter was emptied
 *   since
 */
export function lastWordsOf(logPath: string, start = 0): LastWords | undefined {
  try {
    using file = Deno.openSync(logPath);
    const { size } = file.statSync();
    file.seekSync(Math.max(start <= size ? start : 0, size - TAIL_BYTES), Deno.SeekMode.Start);
    const buffer = new Uint8Array(TAIL_BYTES);
    return lastWords(new TextDecoder().decode(buffer.subarray(0, file.readSync(buffer) ?? 0)));
  } catch {
    return undefined;
  }
}
