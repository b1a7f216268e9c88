/**
 * Sparse files in tar archives: only their data is there, with a map of where it goes. GNU tar
 * manual, "Storing Sparse Files": the old GNU format (type `S`) and the pax versions 0.0, 0.1, 1.0.
 */
import { BLOCK_BYTES, readNumber } from "./tar_header.ts";
import { damaged } from "./damaged.ts";

/** A stretch of a file that is in the archive. */
export interface SparseRun {
  offset: number;
  length: number;
}

/** Where the data of a sparse file goes. */
export interface SparseMap {
  /** Length of the file in bytes. */
  realBytes: number;
  /** In order; all between them is zero. */
  runs: SparseRun[];
}

/** A file of 1 TiB with data in every second MiB; more is an attempt to fill the memory. */
const MAX_RUNS = 1024 * 1024;

/** Gives the next block of the archive. */
type NextBlock = () => Promise<Uint8Array>;

/** The map of a header of type `S`, which goes on in further blocks. */
export async function readOldGnuMap(header: Uint8Array, next: NextBlock): Promise<SparseMap> {
  const realBytes = readNumber(header.subarray(483, 495));
  if (realBytes === undefined) throw damaged("tar", "a sparse file without its length");
  const runs: SparseRun[] = [];
  readStructs(header.subarray(386, 482), runs);
  for (let more = header[482] === 1; more;) {
    const block = await next();
    readStructs(block.subarray(0, 504), runs);
    more = block[504] === 1;
    checkCount(runs.length);
  }
  return { realBytes, runs };
}

/** Pairs of numbers of 12 bytes; the first that is empty is the end. */
function readStructs(bytes: Uint8Array, runs: SparseRun[]): void {
  for (let at = 0; at + 24 <= bytes.length; at += 24) {
    if (bytes[at] === 0) return;
    const offset = readNumber(bytes.subarray(at, at + 12));
    const length = readNumber(bytes.subarray(at + 12, at + 24));
    if (offset === undefined || length === undefined) {
      throw damaged("tar", "the map of a sparse file has no numbers");
    }
    runs.push({ offset, length });
  }
}

/** What the records of an extended header say of a sparse file. */
export type PaxSparse =
  | { kind: "map"; map: SparseMap }
  /** Version 1.0: the map is in front of the data. */
  | { kind: "in-data"; realBytes: number };

/** Reads the `GNU.sparse.*` records; undefined when there are none. */
export function readPaxSparse(records: readonly [string, string][]): PaxSparse | undefined {
  const own = records.filter(([key]) => key.startsWith("GNU.sparse."));
  if (own.length === 0) return undefined;
  const last = (key: string) => own.findLast(([name]) => name === `GNU.sparse.${key}`)?.[1];
  if (last("major") !== undefined && last("major") !== "0") {
    if (last("major") !== "1" || last("minor") !== "0") {
      throw damaged("tar", "a sparse file of an unknown version");
    }
    return { kind: "in-data", realBytes: decimal(last("realsize")) };
  }
  const numbers = last("map")?.split(",") ??
    own.filter(([key]) => /^GNU\.sparse\.(offset|numbytes)$/.test(key)).map(([, value]) => value);
  return {
    kind: "map",
    map: { realBytes: decimal(last("size")), runs: pairs(numbers.map(decimal)) },
  };
}

/** The map in front of the data of version 1.0, and the blocks that it takes. */
export async function readMapInData(
  realBytes: number,
  next: NextBlock,
): Promise<{ map: SparseMap; blocks: number }> {
  const numbers: number[] = [];
  let text = "";
  for (let blocks = 1;; blocks++) {
    text += new TextDecoder("latin1").decode(await next());
    const lines = text.split("\n");
    // The last one is not over yet, or padding.
    text = lines.pop() ?? "";
    for (const line of lines) {
      // Lines after the map's end are padding.
      if (numbers.length === 0 || numbers.length <= 2 * (numbers[0] ?? 0)) {
        numbers.push(decimal(line));
      }
    }
    const count = numbers[0];
    if (text.length > BLOCK_BYTES && count === undefined) throw damaged("tar", "a map without end");
    if (count === undefined) continue;
    checkCount(count);
    if (numbers.length > 2 * count) {
      return { map: { realBytes, runs: pairs(numbers.slice(1)) }, blocks };
    }
  }
}

/**
 * Checks that a map can be: in order, without overlaps, within the file, and with as much data as
 * there is in the archive.
 */
export function checkMap({ realBytes, runs }: SparseMap, dataBytes: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of runs) {
    if (offset < end) throw damaged("tar", "the map of a sparse file is not in order");
    end = offset + length;
    sum += length;
  }
  if (end > realBytes || sum !== dataBytes) {
    throw damaged("tar", "the map of a sparse file does not fit its lengths");
  }
}

function pairs(numbers: readonly number[]): SparseRun[] {
  checkCount(numbers.length / 2);
  if (numbers.length % 2 !== 0) throw damaged("tar", "the map of a sparse file has half a pair");
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({
    // Both are there: there are twice as many numbers as pairs.
    offset: numbers[2 * i] ?? 0,
    length: numbers[2 * i + 1] ?? 0,
  }));
}

function checkCount(runs: number): void {
  if (runs > MAX_RUNS) throw damaged("tar", "the map of a sparse file has too many parts");
}

function decimal(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw damaged("tar", "the map of a sparse file has no numbers");
  }
  return Number(text);
}
