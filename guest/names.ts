/** Names and numbers by which a machine is known, on this computer and inside of the guest. */
import { CocoonError } from "../errors/error.ts";

/** A machine's name is its hostname, and so one label of RFC 1123 (section 2.1), RFC 1035. */
const MAX_NAME_CHARACTERS = 63;

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * Checks a machine's name: 1 to 63 lower-case letters, digits and hyphens, no hyphen at an end.
 * Lower case only, as hostnames that differ in case are one and the same.
 * @throws {CocoonError} `usage`, with a corrected name in the hint where there is one
 */
export function checkMachineName(name: string): void {
  const why = nameMistake(name);
  if (why === undefined) return;
  const better = correctedName(name);
  throw new CocoonError("usage", `machine name ${JSON.stringify(name)}: ${why}`, {
    hint: better === undefined
      ? "A name has 1 to 63 lower-case letters, digits and hyphens, as in web-1."
      : `Try ${JSON.stringify(better)}.`,
  });
}

function nameMistake(name: string): string | undefined {
  if (name === "") return "empty";
  if (name.length > MAX_NAME_CHARACTERS) return `longer than ${MAX_NAME_CHARACTERS} characters`;
  if (name === "localhost") return "it would be the guest's own loopback name";
  if (NAME.test(name)) return undefined;
  if (name.startsWith("-") || name.endsWith("-")) return "it begins or ends with a hyphen";
  if (/[A-Z]/.test(name)) return "it has upper-case letters";
  return "only lower-case letters, digits and hyphens make a valid hostname";
}

function correctedName(name: string): string | undefined {
  const better = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/-+$/, "");
  return nameMistake(better) === undefined ? better : undefined;
}

/**
 * A random MAC address, lower case with colons: unicast and locally administered (IEEE 802,
 * section 8.2.2), 46 random bits.
 */
export function randomMac(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return formatMac(bytes);
}

/**
 * A MAC address in the spelling that records and plugins have.
 * @throws {CocoonError} `usage` for anything but a unicast address of six octets
 */
export function normalizeMac(text: string): string {
  const refuse = (why: string) =>
    new CocoonError("usage", `MAC address ${JSON.stringify(text)}: ${why}`, {
      hint: "Write six octets with colons, as in 52:54:00:12:34:56, or leave it out.",
    });
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) throw refuse("not six octets");
  const bytes = Uint8Array.from(text.split(/[:-]/), (octet) => parseInt(octet, 16));
  if (((bytes[0] ?? 0) & 1) !== 0) throw refuse("a group address cannot be a card's own");
  if (bytes.every((byte) => byte === 0)) throw refuse("all zero");
  return formatMac(bytes);
}

function formatMac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** A random UUID (RFC 9562, version 4), lower case. */
export function randomUuid(): string {
  return crypto.randomUUID();
}
