/**
 * krunkit's option grammar: a list of items between commas, each `KEY=VALUE` or a bare word. It
 * knows no quotes, and takes one `=` an item at most; so neither character can be in a value.
 */
import { CocoonError } from "../../errors/error.ts";

/** Values by key in the order in which they are written; `true` is a bare word. */
export type OptionItems = Record<string, string | number | true>;

/**
 * Writes an option.
 * @throws {CocoonError} `usage` for a value that can't be written, naming it
 */
export function option(type: string, items: OptionItems = {}): string {
  const words = [type];
  for (const [key, value] of Object.entries(items)) {
    if (value === true) {
      words.push(key);
      continue;
    }
    const text = String(value);
    if (/[,=\n\r\0]/.test(text)) {
      throw new CocoonError(
        "usage",
        `krunkit cannot be given ${JSON.stringify(text)}: its ${type} option has no way to write ` +
          "a comma, an equals sign or a line break",
        { hint: "Move it to a path without that character." },
      );
    }
    words.push(`${key}=${text}`);
  }
  return words.join(",");
}
