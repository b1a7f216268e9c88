/** Directory records and path tables of ISO 9660 (ECMA-119, clause 9). */

/** A logical sector, and here also a logical block. */
export const SECTOR_BYTES = 2048;

/** Length of a directory record without its name (ECMA-119, 9.1). */
export const RECORD_HEADER_BYTES = 33;

/** One file or directory as its record says it. */
export interface DirectoryEntry {
  name: Uint8Array;
  /** First sector. */
  extent: number;
  bytes: number;
}

/** Whole sectors that hold so many bytes. */
export function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES);
}

/** A 32-bit number in both byte orders, 8 bytes (ECMA-119, 7.3.3). */
export function setBoth32(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}

/** A 16-bit number in both byte orders, 4 bytes (ECMA-119, 7.2.3). */
export function setBoth16(view: DataView, at: number, value: number): void {
  view.setUint16(at, value, true);
  view.setUint16(at + 2, value, false);
}

/** The 7-byte date of a directory record, UTC (ECMA-119, 9.1.5). */
export function dateOfRecord(date: Date): Uint8Array {
  return Uint8Array.of(
    date.getUTCFullYear() - 1900,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    0,
  );
}

/** One directory record; even in length (ECMA-119, 9.1). */
export function directoryRecord(
  entry: DirectoryEntry,
  date: Uint8Array,
  kind: "file" | "directory",
): Uint8Array {
  const record = new Uint8Array(recordBytes(entry.name.length));
  const view = new DataView(record.buffer);
  record[0] = record.length;
  setBoth32(view, 2, entry.extent);
  setBoth32(view, 10, entry.bytes);
  record.set(date, 18);
  record[25] = kind === "directory" ? 2 : 0;
  setBoth16(view, 28, 1);
  record[32] = entry.name.length;
  record.set(entry.name, RECORD_HEADER_BYTES);
  return record;
}

/**
 * An upper bound of a root directory's length: two records for itself and one for each name, and
 * no record crosses a sector's end. The order of the names does not matter to it.
 */
export function directoryBytes(nameLengths: readonly number[]): number {
  const longest = Math.max(0, ...nameLengths.map(recordBytes));
  const perSector = SECTOR_BYTES - longest;
  const total = 2 * recordBytes(1) + nameLengths.reduce((sum, n) => sum + recordBytes(n), 0);
  return total <= SECTOR_BYTES ? total : Math.ceil(total / perSector) * SECTOR_BYTES;
}

function recordBytes(nameLength: number): number {
  const bytes = RECORD_HEADER_BYTES + nameLength;
  return bytes + bytes % 2;
}

/** The path table of a volume that has only its root directory (ECMA-119, 9.4). */
export function pathTable(rootSector: number, byteOrder: "little" | "big"): Uint8Array {
  const table = new Uint8Array(PATH_TABLE_BYTES);
  const view = new DataView(table.buffer);
  table[0] = 1; // length of the root's name, one zero byte
  view.setUint32(2, rootSector, byteOrder === "little");
  view.setUint16(6, 1, byteOrder === "little"); // its parent is itself
  return table;
}

/** Length of the only record of {@linkcode pathTable}. */
export const PATH_TABLE_BYTES = 10;
