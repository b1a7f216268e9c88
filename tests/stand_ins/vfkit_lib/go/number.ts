/** Go's `strconv`: what it takes, and its words for what it does not. */
import { VfkitError } from "../error.ts";
import { quote } from "./quote.ts";

const MAX_UINT64 = (1n << 64n) - 1n;
const MAX_INT64 = (1n << 63n) - 1n;

function failure(name: string, text: string, why: string): VfkitError {
  return new VfkitError(`strconv.${name}: parsing ${quote(text)}: ${why}`);
}

/**
 * `strconv.ParseUint(text, base, bits)`. Base 0 takes the prefixes and underscores of Go's number
 * literals, as pflag does for its flags.
 */
export function parseUint(text: string, base: 0 | 10, bits: 32 | 64 = 64): bigint {
  const value = base === 0 ? literal(text) : decimal(text);
  if (value === undefined) throw failure("ParseUint", text, "invalid syntax");
  if (value > (bits === 32 ? 0xffff_ffffn : MAX_UINT64)) {
    throw failure("ParseUint", text, "value out of range");
  }
  return value;
}

/** `strconv.ParseInt(text, 10, 64)`; `strconv.Atoi(text)` is the same under another name. */
export function parseInt64(text: string, name: "ParseInt" | "Atoi" = "ParseInt"): bigint {
  const negative = text.startsWith("-");
  const digits = decimal(/^[+-]/.test(text) ? text.slice(1) : text);
  if (digits === undefined) throw failure(name, text, "invalid syntax");
  if (digits > (negative ? MAX_INT64 + 1n : MAX_INT64)) {
    throw failure(name, text, "value out of range");
  }
  return negative ? -digits : digits;
}

/** `strconv.ParseBool(text)`. */
export function parseBool(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  throw failure("ParseBool", text, "invalid syntax");
}

function decimal(text: string): bigint | undefined {
  return /^[0-9]+$/.test(text) ? BigInt(text) : undefined;
}

/** An integer literal: `42`, `0x2a`, `0b101010`, `0o52`, `052`, `1_000`. */
function literal(text: string): bigint | undefined {
  // An underscore stands between digits, or between a prefix and a digit.
  if (!/^(0[xX]_?|0[bB]_?|0[oO]_?)?[0-9a-fA-F](_?[0-9a-fA-F])*$/.test(text)) return undefined;
  const plain = text.replaceAll("_", "");
  if (/^0[xX][0-9a-fA-F]+$|^0[bB][01]+$|^0[oO][0-7]+$/.test(plain)) return BigInt(plain);
  if (/^0[0-7]+$/.test(plain)) return BigInt(`0o${plain.slice(1)}`);
  return /^(0|[1-9][0-9]*)$/.test(plain) ? BigInt(plain) : undefined;
}
