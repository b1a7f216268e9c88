/**
 * cfmakeraw(3): a terminal that passes every byte on as it is, in both directions. Deno's and
 * Node's own raw mode leaves output processing on, which makes two line ends of a pasted one.
 */
import { made } from "./library.ts";

/** `struct termios` has 60 bytes on Linux and 72 on macOS. */
const TERMIOS_BYTES = 128;
/** At once; the same number on both systems. */
const TCSANOW = 0;

/**
 * Makes the terminal of the descriptor raw.
 * @throws {SystemError} `ENOTTY` when it is no terminal
 */
export function makeRaw(fd: number): void {
  const settings = new Uint8Array(TERMIOS_BYTES);
  made("tcgetattr", (c) => c.tcgetattr(fd, settings));
  made("cfmakeraw", (c) => {
    c.cfmakeraw(settings);
    return 0;
  });
  made("tcsetattr", (c) => c.tcsetattr(fd, TCSANOW, settings));
}
