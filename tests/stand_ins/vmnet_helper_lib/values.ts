/** How macOS's C library reads the values of the command line. */

const INT_MAX = 2n ** 31n - 1n;
const LONG_MAX = 2n ** 63n - 1n;

/** strtol(3) in base 10: the number, and what is wrong with the text. */
export interface ParsedLong {
  value: bigint;
  /** strerror(3) of errno; macOS sets EINVAL where there are no digits. */
  failure?: "Invalid argument" | "Result too large";
  /** Nothing follows the digits. */
  whole: boolean;
}

export function strtol(text: string): ParsedLong {
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)/.exec(text);
  if (match === null) return { value: 0n, failure: "Invalid argument", whole: text === "" };
  const [all, sign, digits = "0"] = match;
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  const whole = all.length === text.length;
  if (value > LONG_MAX || value < -LONG_MAX - 1n) {
    return { value, failure: "Result too large", whole };
  }
  return { value, whole };
}

/** True for a whole number from `least` to INT_MAX. */
export function isInt({ value, failure, whole }: ParsedLong, least: bigint): boolean {
  return failure === undefined && whole && value >= least && value <= INT_MAX;
}

/**
 * inet_aton(3): one to four parts, of which the last one fills the rest; decimal, octal (`0…`) or
 * hexadecimal (`0x…`); white space may follow. Undefined where it answers 0.
 */
export function inetAton(text: string): number | undefined {
  const parts = text.replace(/[ \t\n\v\f\r].*$/s, "").split(".").map(part);
  const last = parts.pop();
  if (last === undefined || parts.length > 3) return undefined;
  let address = 0;
  for (const octet of parts) {
    if (octet === undefined || octet > 0xff) return undefined;
    address = address * 256 + octet;
  }
  const room = 256 ** (4 - parts.length);
  return last < room ? address * room + last : undefined;
}

function part(text: string): number | undefined {
  if (/^0x[\da-f]+$/i.test(text)) return Number.parseInt(text, 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const NULL_UUID = "00000000-0000-0000-0000-000000000000";

/** uuid_parse(3) and, in upper case, uuid_unparse(3); `unset` for the UUID that is all zeros. */
export function parseUuid(text: string): string | "unset" | undefined {
  if (!UUID.test(text)) return undefined;
  return text === NULL_UUID ? "unset" : text.toUpperCase();
}
