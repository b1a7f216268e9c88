/** The way in which clap takes a command line apart: stricter than Go's flags. */
import { ClapError } from "./error.ts";
import { type Flag, FLAGS, shown, USAGE } from "./flag_table.ts";

/** Takes each value as soon as it is read: an error of the first wrong one is told. */
export type TakeValue = (flag: Flag, value: string) => void;

/** `help` or `version` end the parsing where they stand. */
export type Outcome = "parsed" | "help" | "version";

/** @throws {ClapError} */
export function parseFlags(args: readonly string[], take: TakeValue): Outcome {
  const given = new Set<string>();
  const rest = [...args];
  const use = (flag: Flag, value: string) => {
    if (given.has(flag.long) && flag.repeatable === undefined) {
      throw new ClapError(`the argument '${shown(flag)}' cannot be used multiple times`, USAGE);
    }
    given.add(flag.long);
    take(flag, value);
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      const [extra] = rest;
      if (extra !== undefined) throw unexpected(extra);
      break;
    }
    if (!isFlag(word)) throw unexpected(word);
    for (const { flag, attached } of flagsOf(word)) {
      if (flag.long === "help" || flag.long === "version") return flag.long;
      if (flag.value === undefined) {
        if (attached !== undefined) {
          throw new ClapError(
            `unexpected value '${attached}' for '--${flag.long}' found; no more were expected`,
            USAGE,
          );
        }
        use(flag, "");
      } else use(flag, attached ?? nextValue(flag, rest));
    }
  }
  const missing = FLAGS.filter(({ long, required }) => required && !given.has(long));
  if (missing.length > 0) {
    const list = missing.map((flag) => `\n  ${shown(flag)}`).join("");
    throw new ClapError(`the following required arguments were not provided:${list}`, USAGE);
  }
  return "parsed";
}

/** A lone dash is a value. */
function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function unexpected(word: string): ClapError {
  return new ClapError(`unexpected argument '${word}' found`, USAGE);
}

/** The flags of one word: `--long`, `--long=value`, `-ab`, `-aVALUE` or `-a=VALUE`. */
function* flagsOf(word: string): Generator<{ flag: Flag; attached?: string }> {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const flag = FLAGS.find(({ long }) => long === name);
    if (flag === undefined) throw unexpected(`--${name}`);
    yield { flag, ...(equals < 0 ? {} : { attached: word.slice(equals + 1) }) };
    return;
  }
  for (let i = 1; i < word.length; i++) {
    const flag = FLAGS.find(({ short }) => short === word[i]);
    if (flag === undefined) throw unexpected(`-${word[i]}`);
    const behind = word.slice(i + 1);
    if (flag.value !== undefined && behind !== "") {
      yield { flag, attached: behind.replace(/^=/, "") };
      return;
    }
    yield { flag };
  }
}

/** The next word, which is no value when it looks like a flag: then that one is told if unknown. */
function nextValue(flag: Flag, rest: string[]): string {
  const next = rest[0];
  if (next !== undefined && !isFlag(next)) {
    rest.shift();
    return next;
  }
  if (next !== undefined && next !== "--") flagsOf(next).next();
  throw new ClapError(`a value is required for '${shown(flag)}' but none was supplied`);
}
