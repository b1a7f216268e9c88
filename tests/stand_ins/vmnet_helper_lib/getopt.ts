/**
 * getopt_long(3) as macOS has it: FreeBSD's, with GNU_COMPATIBLE, of which vmnet-helper calls the
 * permuting kind with its messages switched off.
 */

/** An option of the command line. */
export interface OptionRow {
  long: string;
  short?: string;
  takesValue: boolean;
}

/** One answer. `word` is the word at which the call began, which vmnet-helper takes for the name. */
export type Found =
  | { kind: "option"; option: OptionRow; value: string; word: string }
  | { kind: "unknown" | "value-missing"; word: string };

/** What the command line has, in its order; words that are no options are passed over. */
export function* getopt(args: readonly string[], table: readonly OptionRow[]): Generator<Found> {
  let at = 0;
  while (at < args.length) {
    const word = args[at] ?? "";
    // Words that are no options are put behind the others, within one call.
    while (at < args.length && !isOption(args[at] ?? "")) at++;
    const text = args[at++];
    if (text === undefined || text === "--") return;
    if (text.startsWith("--")) {
      const found = long(text.slice(2), args[at], table);
      if (found.usedNext) at++;
      yield { ...found.found, word };
      continue;
    }
    for (let i = 1; i < text.length; i++) {
      const option = table.find(({ short }) => short === text[i]);
      const named = i === 1 ? word : text;
      if (option === undefined) yield { kind: "unknown", word: named };
      else if (!option.takesValue) yield { kind: "option", option, value: "", word: named };
      else {
        const attached = text.slice(i + 1);
        const value = attached === "" ? args[at++] : attached;
        if (value === undefined) yield { kind: "value-missing", word: named };
        else yield { kind: "option", option, value, word: named };
        break;
      }
    }
  }
}

/** A lone `-` is none. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

type Unnamed =
  | { kind: "option"; option: OptionRow; value: string }
  | { kind: "unknown" | "value-missing" };

function long(
  text: string,
  next: string | undefined,
  table: readonly OptionRow[],
): { found: Unnamed; usedNext: boolean } {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const option = byName(name, table);
  const answer = (found: Unnamed, usedNext = false) => ({ found, usedNext });
  if (option === undefined) return answer({ kind: "unknown" });
  if (!option.takesValue) {
    return answer(equals < 0 ? { kind: "option", option, value: "" } : { kind: "unknown" });
  }
  if (equals >= 0) return answer({ kind: "option", option, value: text.slice(equals + 1) });
  return next === undefined
    ? answer({ kind: "value-missing" })
    : answer({ kind: "option", option, value: next }, true);
}

/** The option of that name, or the only one that begins so. */
function byName(name: string, table: readonly OptionRow[]): OptionRow | undefined {
  const exact = table.find((option) => option.long === name);
  if (exact !== undefined) return exact;
  const [first, ...more] = table.filter((option) => option.long.startsWith(name));
  return more.length === 0 ? first : undefined;
}
