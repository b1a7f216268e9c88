/** Disks with a GPT: how long they were. UEFI Specification 2.10, section 5.3.2. */
import { crc32 } from "node:zlib";
import type { RandomAccess } from "./random_access.ts";

const SIGNATURE = "EFI PART";
/** The header is in the second sector, whose place tells how long sectors are. */
const SECTOR_BYTES = [512, 4096];
const MIN_HEADER_BYTES = 92;
const HEADER_BYTES_AT = 12;
const CRC_AT = 16;
const ALTERNATE_SECTOR_AT = 32;

/**
 * Bytes that a disk has up to the end of its second table of partitions, which was in its last
 * sector when it was written; undefined without a table whose checksum is right.
 */
export function gptDiskBytes(file: RandomAccess): number | undefined {
  for (const sectorBytes of SECTOR_BYTES) {
    const header = new Uint8Array(sectorBytes);
    if (file.readAt(header, sectorBytes) < sectorBytes || !isHeader(header)) continue;
    const alternate = new DataView(header.buffer).getBigUint64(ALTERNATE_SECTOR_AT, true);
    return (Number(alternate) + 1) * sectorBytes;
  }
  return undefined;
}

function isHeader(header: Uint8Array<ArrayBuffer>): boolean {
  if (new TextDecoder().decode(header.subarray(0, SIGNATURE.length)) !== SIGNATURE) return false;
  const view = new DataView(header.buffer);
  const length = view.getUint32(HEADER_BYTES_AT, true);
  if (length < MIN_HEADER_BYTES || length > header.length) return false;
  const summed = header.slice(0, length);
  // The checksum itself counts as zeros.
  summed.fill(0, CRC_AT, CRC_AT + 4);
  return crc32(summed) === view.getUint32(CRC_AT, true);
}
