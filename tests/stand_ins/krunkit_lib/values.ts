/** The values of krunkit's flags, devices apart. */
import { ValueError } from "./error.ts";
import { Items } from "./items.ts";

const MAX_U32 = 2n ** 32n - 1n;
/** MiB of each suffix. */
const SUFFIXES: Readonly<Record<string, bigint>> = {
  M: 1n,
  G: 1n << 10n,
  T: 1n << 20n,
  P: 1n << 30n,
};

/** @throws {ValueError} */
export function parseMemory(text: string): number {
  const [, digits, suffix = ""] = /^(\d+)([A-Za-z]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new ValueError(`invalid memory value: '${text}'`);
  const factor = SUFFIXES[suffix.toUpperCase() || "M"];
  if (factor === undefined) {
    throw new ValueError(`unknown memory suffix '${suffix}', valid suffixes are MGTP`);
  }
  const mib = BigInt(digits) * factor;
  if (mib > MAX_U32) throw new ValueError(`memory value '${text}' is too large`);
  return Number(mib);
}

/**
 * An integer as Rust parses it, held to a range as clap words it.
 * @throws {ValueError}
 */
export function parseInteger(text: string, max: number): number {
  if (text === "") throw new ValueError("cannot parse integer from empty string");
  if (!/^[+-]?\d+$/.test(text)) throw new ValueError("invalid digit found in string");
  const value = BigInt(text.replace(/^\+/, ""));
  if (value < 0n || value > BigInt(max)) throw new ValueError(`${text} is not in 0..=${max}`);
  return Number(value);
}

/**
 * The boot loader, which is then ignored.
 * @returns how Rust shows it
 * @throws {ValueError}
 */
export function parseBootloader(text: string): string {
  const items = new Items("bootloader", text.split(","));
  const word = (key: string) => {
    if (!items.word(key, "unknown bootloader argument")) {
      throw new ValueError(`bootloader is missing argument: ${key}`);
    }
  };
  word("efi");
  const store = items.require("variable-store");
  word("create");
  items.end();
  return `Config { fw: Efi, vstore: ${JSON.stringify(store)}, action: Create }`;
}

/** Where the REST server is. */
export type RestAddress =
  | { scheme: "none" }
  | { scheme: "unix"; path: string }
  | { scheme: "tcp"; hostname: string; port: number };

/** @throws {ValueError} */
export function parseRestUri(text: string): RestAddress {
  const [, scheme, value = ""] = /^(none|tcp|unix):\/\/(.*)/.exec(text) ?? [];
  switch (scheme) {
    case "none":
      return { scheme };
    case "unix":
      if (value === "") throw new ValueError("empty unix socket path");
      return { scheme, path: value };
    case "tcp":
      return { scheme, ...parseTcp(value) };
    default:
      throw new ValueError("invalid scheme input");
  }
}

function parseTcp(value: string): { hostname: string; port: number } {
  const [host = "", port = "", ...more] = value.split(":");
  if (more.length > 0 || !value.includes(":")) {
    throw new ValueError("restful URI formatted incorrectly");
  }
  const hostname = host === "localhost" ? "127.0.0.1" : host;
  const octets = hostname.split(".");
  if (octets.length !== 4 || !octets.every((o) => /^(0|[1-9]\d{0,2})$/.test(o) && +o <= 255)) {
    throw new ValueError("restful URI IP address formatted incorrectly");
  }
  if (!/^\+?\d+$/.test(port) || Number(port) > 65_535) {
    throw new ValueError("restful URI port number formatted incorrectly");
  }
  return { hostname, port: Number(port) };
}

/** How Rust shows an address. */
export function showRestAddress(address: RestAddress): string {
  switch (address.scheme) {
    case "none":
      return "None";
    case "unix":
      return `Unix(${JSON.stringify(address.path)})`;
    case "tcp":
      return `Tcp(${address.hostname}, ${address.port})`;
  }
}

/** @throws {ValueError} */
export function parseTimesync(text: string): number {
  const [, port] = /^vsockPort=(\d+)$/.exec(text) ?? [];
  if (port === undefined || BigInt(port) > MAX_U32) {
    throw new ValueError("expected 'vsockPort=<port>'");
  }
  return Number(port);
}
