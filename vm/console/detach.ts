import { CocoonError } from "../../errors/error.ts";

/** The key that begins the detach sequence: Ctrl-], as in telnet and virsh. */
export const DEFAULT_ESCAPE = "^]";
/** The second key of the sequence. */
const DETACH_KEY = ".".charCodeAt(0);

/**
 * Finds the detach sequence (escape character, then a full stop) in what is typed. An escape
 * character is held back until the next byte decides: the stop detaches, a second escape sends
 * one, anything else sends both.
 */
export class DetachScanner {
  readonly #escape: number;
  #held = false;

  constructor(escape: number) {
    this.#escape = escape;
  }

  /** What of `data` goes to the guest, and whether the sequence is complete. */
  scan(data: Uint8Array): { forward: Uint8Array; detach: boolean } {
    const forward: number[] = [];
    for (const byte of data) {
      if (!this.#held) {
        if (byte === this.#escape) this.#held = true;
        else forward.push(byte);
        continue;
      }
      this.#held = false;
      if (byte === DETACH_KEY) return { forward: Uint8Array.from(forward), detach: true };
      forward.push(this.#escape);
      if (byte !== this.#escape) forward.push(byte);
    }
    return { forward: Uint8Array.from(forward), detach: false };
  }
}

/**
 * The byte of an escape character: one printable ASCII character, or `^X` for a control key.
 * @throws {CocoonError} `usage` for anything else, and for NUL, carriage return and line feed,
 * which terminals send for other reasons
 */
export function parseEscape(text: string): number {
  const byte = text.length === 1
    ? text.charCodeAt(0)
    : /^\^[@-_a-z]$/.test(text)
    ? text.toUpperCase().charCodeAt(1) & 0x1f
    : -1;
  if (byte <= 0 || byte >= 0x7f || byte === 0x0a || byte === 0x0d) {
    throw new CocoonError("usage", `--escape-char ${JSON.stringify(text)}: no usable character`, {
      hint: 'Give one ASCII character, or a control key as in "^]".',
    });
  }
  return byte;
}
