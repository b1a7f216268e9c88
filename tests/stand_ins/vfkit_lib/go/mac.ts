/** Go's `net.ParseMAC`: EUI-48, EUI-64 and 20-byte addresses, with colons, dashes or dots. */
import { VfkitError } from "../error.ts";

/** The address in lower case with colons. */
export function parseMac(text: string): string {
  const groups = /^[0-9a-f]{2}([:-])/i.exec(text)?.[1];
  const octets = groups !== undefined
    ? splitEvenly(text, groups, 2)
    : splitEvenly(text, ".", 4)?.flatMap((group) => [group.slice(0, 2), group.slice(2)]);
  if (octets === undefined || ![6, 8, 20].includes(octets.length)) {
    throw new VfkitError(`${text === "" ? "" : `address ${text}: `}invalid MAC address`);
  }
  return octets.join(":").toLowerCase();
}

/** The groups, if each is `digits` hexadecimal digits. */
function splitEvenly(text: string, separator: string, digits: number): string[] | undefined {
  const parts = text.split(separator);
  const group = new RegExp(`^[0-9a-f]{${digits}}$`, "i");
  return parts.every((part) => group.test(part)) ? parts : undefined;
}
