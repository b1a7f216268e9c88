/** Lists of options: `TYPE,key=value,word`. */
import { VfkitError } from "./error.ts";

/** `key=value`, or a bare word with an empty value. */
export interface Option {
  key: string;
  value: string;
}

/** Splits at every comma and each item at its first `=`; empty items are passed over. */
export function parseOptions(items: readonly string[]): Option[] {
  return items.filter((item) => item !== "").map((item) => {
    const equals = item.indexOf("=");
    return equals < 0
      ? { key: item, value: "" }
      : { key: item.slice(0, equals), value: item.slice(equals + 1) };
  });
}

/** Go's `%v` of a list of options. */
export function formatOptions(options: readonly Option[]): string {
  return `[${options.map(({ key, value }) => `{${key} ${value}}`).join(" ")}]`;
}

/**
 * Splits at the commas outside of double quotes. An item that is quoted as a whole loses its
 * quotes; quotes inside of an item stay.
 * @throws {VfkitError} for a quote without its other half
 */
export function splitQuoted(text: string): string[] {
  if (text === "") return [];
  const items: string[] = [];
  let item = "";
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (character === "," && !quoted) {
      items.push(item);
      item = "";
    } else item += character;
  }
  if (quoted) throw new VfkitError('mismatched "');
  items.push(item);
  return items.map(trimQuotes);
}

/** Takes off one pair of quotes around the text. */
export function trimQuotes(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
