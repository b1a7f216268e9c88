/**
 * vfkit's option grammar (its pkg/cmdline and pkg/config). An option is a list of items between
 * commas, each `KEY=VALUE` or a bare word. `--device` knows no quotes at all, so a comma can't be
 * said; `--bootloader` has double quotes, which only the kernel's command line loses again.
 */
import { CocoonError } from "../../errors/error.ts";

/** Values by key in the order in which they are written; `true` is a bare word. */
export type OptionItems = Record<string, string | number | true | undefined>;

/**
 * Writes a device; undefined items are left out.
 * @throws {CocoonError} `usage` for a value that can't be written, naming it
 */
export function device(type: string, items: OptionItems = {}): string {
  return write(type, items, (value) => /[,\n\r\0]/.test(value) ? "comma or line break" : undefined);
}

/**
 * Writes a boot loader whose values are all paths; add {@linkcode commandLineItem} behind it.
 * @throws {CocoonError} as {@linkcode device}
 */
export function bootLoader(type: string, items: OptionItems): string {
  return write(
    type,
    items,
    (value) => /[,"\n\r\0]/.test(value) ? "comma, quote or line break" : undefined,
  );
}

function write(
  type: string,
  items: OptionItems,
  obstacle: (value: string) => string | undefined,
): string {
  const words = [type];
  for (const [key, value] of Object.entries(items)) {
    if (value === undefined) continue;
    if (value === true) {
      words.push(key);
      continue;
    }
    const text = String(value);
    const found = obstacle(text);
    if (found !== undefined) {
      throw new CocoonError(
        "usage",
        `vfkit cannot be given ${JSON.stringify(text)}: its ${type} option has no way to write a ` +
          found,
        { hint: "Move it to a path without that character." },
      );
    }
    words.push(`${key}=${text}`);
  }
  return words.join(",");
}

/**
 * The item of a kernel command line: in quotes where those come off again whole, else bare.
 * @throws {CocoonError} `usage` when both spellings would change it
 */
export function commandLineItem(text: string): string {
  const quotes = text.split('"').length - 1;
  if (quotes % 2 === 0 && !/[\n\r\0]/.test(text)) {
    // Inside the outer quotes, a quote of the text's own ends the quoting and the next begins it.
    const [outside, inside] = commasByQuoting(text);
    const edges = text.startsWith('"') || text.endsWith('"');
    if (!edges && inside === 0) return `cmdline="${text}"`;
    const stripped = text.startsWith('"') && text.endsWith('"');
    if (!stripped && outside === 0) return `cmdline=${text}`;
  }
  throw new CocoonError(
    "usage",
    `vfkit cannot be given the kernel command line ${JSON.stringify(text)}: its quotes, commas ` +
      "and line breaks cannot be written in the linux boot loader's option",
    { hint: "Leave out the quotes, or boot from a disk (EFI), whose boot loader has its own." },
  );
}

/** How many commas stand outside, and inside, the text's own quotes. */
function commasByQuoting(text: string): [outside: number, inside: number] {
  const counts: [number, number] = [0, 0];
  text.split('"').forEach((part, index) => {
    const commas = part.split(",").length - 1;
    if (index % 2 === 0) counts[0] += commas;
    else counts[1] += commas;
  });
  return counts;
}
