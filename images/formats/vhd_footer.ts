/** Fixed VHD images: a raw disk with a footer behind it. Microsoft, "Virtual Hard Disk Image Format". */
import { cutOff } from "./foreign_whole.ts";
import type { RandomAccess } from "./random_access.ts";

/** Bytes of the footer, and of a sector of the disk in front of it. */
const FOOTER_BYTES = 512;

const COOKIE = "conectix";
const CURRENT_SIZE_AT = 48;
const DISK_TYPE_AT = 60;
const CHECKSUM_AT = 64;
/** Disk type of an image that is a raw disk but for its footer. */
const FIXED = 2;

/**
 * Length of the disk in a fixed VHD image; undefined when the file is something else. One that has
 * lost its whole footer is a raw disk as far as anybody can tell.
 * @throws {CocoonError} `failed` when it is cut off within the footer, or lacks some of the disk
 */
export function fixedVhdBytes(file: RandomAccess): number | undefined {
  const footerBytes = file.size % FOOTER_BYTES || FOOTER_BYTES;
  const diskBytes = file.size - footerBytes;
  if (diskBytes <= 0) return undefined;
  const footer = new Uint8Array(FOOTER_BYTES);
  file.readAt(footer.subarray(0, footerBytes), diskBytes);
  if (new TextDecoder().decode(footer.subarray(0, COOKIE.length)) !== COOKIE) return undefined;
  if (footerBytes < FOOTER_BYTES) throw cutOff("vhd");
  const view = new DataView(footer.buffer);
  const isFooter = view.getUint32(DISK_TYPE_AT) === FIXED &&
    view.getUint32(CHECKSUM_AT) === checksum(footer);
  if (!isFooter) return undefined;
  const saidBytes = Number(view.getBigUint64(CURRENT_SIZE_AT));
  if (saidBytes > diskBytes) throw cutOff("vhd");
  return saidBytes === diskBytes ? diskBytes : undefined;
}

/** One's complement of the sum of all bytes but those of the checksum. */
function checksum(footer: Uint8Array): number {
  const sum = footer.reduce(
    (total, byte, i) => i >= CHECKSUM_AT && i < CHECKSUM_AT + 4 ? total : total + byte,
    0,
  );
  return ~sum >>> 0;
}
