/**
 * Headers of tar archives: POSIX.1-2017 "pax Interchange Format" (ustar and extended headers), and
 * the GNU tar manual, "Basic Tar Format" (old GNU format, numbers in base 256).
 */
import { damaged } from "./damaged.ts";

/** Bytes of a header, and the unit of all else in an archive. */
export const BLOCK_BYTES = 512;

/** One header block. */
export interface TarHeader {
  /** `0` for a regular file, as in the standard; `\0` and `7` are read as `0`. */
  type: string;
  /** As it stands there; only ever shown. */
  name: string;
  /** Bytes of data that follow in the archive. */
  size: number;
}

/** Whether a block is a header: its checksum is right. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES || block[0] === 0) return false;
  const stored = readNumber(block.subarray(148, 156));
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    // The checksum itself counts as spaces.
    const byte = i >= 148 && i < 156 ? 0x20 : block[i] ?? 0;
    unsigned += byte;
    // Some old programs summed up signed bytes.
    signed += byte < 128 ? byte : byte - 256;
  }
  return stored === unsigned || stored === signed;
}

/**
 * Reads a header.
 * @throws {CocoonError} `failed` when its checksum is wrong, or its size is no number or beyond 2^53
 */
export function readTarHeader(block: Uint8Array): TarHeader {
  if (!isTarHeader(block)) throw damaged("tar", "a header's checksum is wrong");
  const type = String.fromCharCode(block[156] ?? 0);
  // Links, directories and devices have no data, whatever their header says.
  const size = /[1-6]/.test(type) ? 0 : readNumber(block.subarray(124, 136));
  if (size === undefined) throw damaged("tar", "the length of a file is impossible");
  return { type: type === "\0" || type === "7" ? "0" : type, name: nameOf(block), size };
}

function nameOf(block: Uint8Array): string {
  const name = readText(block.subarray(0, 100));
  const isUstar = readText(block.subarray(257, 263)) === "ustar";
  const prefix = isUstar ? readText(block.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Text up to the first NUL. */
export function readText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** A number in octal digits, or in base 256; undefined for anything else, and beyond 2^53. */
export function readNumber(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = readText(field).trim();
  return /^[0-7]{1,12}$/.test(text) ? parseInt(text, 8) : undefined;
}

/**
 * The records of an extended header (`LENGTH KEY=VALUE\n`), in order; undefined when they are
 * damaged.
 */
export function readPaxRecords(bytes: Uint8Array): [key: string, value: string][] | undefined {
  const records: [string, string][] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = readText(bytes.subarray(at, Math.max(space, at)));
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > bytes.length || end <= space + 1) return undefined;
    const record = new TextDecoder().decode(bytes.subarray(space + 1, end));
    const equals = record.indexOf("=");
    if (equals < 1 || !record.endsWith("\n")) return undefined;
    records.push([record.slice(0, equals), record.slice(equals + 1, -1)]);
    at = end;
  }
  return records;
}
