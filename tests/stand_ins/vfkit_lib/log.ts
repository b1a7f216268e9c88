/** vfkit's log: logrus' text form, on standard error. */
import { quote } from "./go/quote.ts";

const LEVELS = ["fatal", "error", "warning", "info", "debug"] as const;
export type Level = typeof LEVELS[number];

/** logrus' colours on a terminal. */
const COLOURS: Record<Level, number> = { fatal: 31, error: 31, warning: 33, info: 36, debug: 37 };

const began = performance.now();
let shown: Level = "info";

export function setLevel(level: Level): void {
  shown = level;
}

export const debug = (message: string) => line("debug", message);
export const info = (message: string) => line("info", message);
export const warning = (message: string) => line("warning", message);
export const error = (message: string) => line("error", message);

/** `log.Fatal`: the process ends at once, without its exit handlers. */
export function fatal(message: string): never {
  line("fatal", message);
  Deno.exit(1);
}

/** Go's plain logger: one line in vfkit is written with it. */
export function plain(message: string): void {
  const now = timestamp(new Date());
  print(`${now.date.replaceAll("-", "/")} ${now.time} ${message}\n`);
}

/** Writes to standard error. */
export function print(text: string): void {
  write(Deno.stderr, text);
}

/** Writes the whole text. That nobody reads any more is no reason to end: SIGPIPE is ignored. */
export function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function line(level: Level, message: string): void {
  if (LEVELS.indexOf(level) > LEVELS.indexOf(shown)) return;
  print(formatLine(level, message, Deno.stderr.isTerminal()));
}

/** One line, for a terminal or for a file. */
export function formatLine(level: Level, message: string, terminal: boolean): string {
  if (terminal) {
    const seconds = Math.floor((performance.now() - began) / 1000).toString().padStart(4, "0");
    const name = level.slice(0, 4).toUpperCase();
    return `\x1b[${COLOURS[level]}m${name}\x1b[0m[${seconds}] ${message.padEnd(44)} \n`;
  }
  const now = timestamp(new Date());
  // logrus quotes what has a character outside of this set.
  const text = /^[a-zA-Z0-9\-._/@^+]*$/.test(message) ? message : quote(message);
  return `time="${now.date}T${now.time}${now.zone}" level=${level} msg=${text}\n`;
}

/** Local time in the parts that the two loggers need. */
export function timestamp(at: Date): { date: string; time: string; zone: string } {
  const two = (n: number) => String(n).padStart(2, "0");
  const offset = -at.getTimezoneOffset();
  const size = Math.abs(offset);
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    zone: offset === 0
      ? "Z"
      : `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`,
  };
}
