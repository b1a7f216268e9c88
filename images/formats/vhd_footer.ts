/** Fixed VHD images: a raw disk with a footer behind it. Microsoft, "Virtual Hard Disk Image Format". */
import type { RandomAccess } from "./random_access.ts";

/** Bytes of the footer. */
export const VHD_FOOTER_BYTES = 512;

const COOKIE = "conectix";
const CURRENT_SIZE_AT = 48;
const DISK_TYPE_AT = 60;
const CHECKSUM_AT = 64;
/** Disk type of an image that is a raw disk but for its footer. */
const FIXED = 2;

/** Length of the disk in a fixed VHD image; undefined when the file is something else. */
export function fixedVhdBytes(file: RandomAccess): number | undefined {
  const diskBytes = file.size - VHD_FOOTER_BYTES;
  if (diskBytes <= 0) return undefined;
  const footer = new Uint8Array(VHD_FOOTER_BYTES);
  file.readAt(footer, diskBytes);
  const view = new DataView(footer.buffer);
  const isFooter = new TextDecoder().decode(footer.subarray(0, COOKIE.length)) === COOKIE &&
    view.getUint32(DISK_TYPE_AT) === FIXED &&
    view.getBigUint64(CURRENT_SIZE_AT) === BigInt(diskBytes) &&
    view.getUint32(CHECKSUM_AT) === checksum(footer);
  return isFooter ? diskBytes : undefined;
}

/** One's complement of the sum of all bytes but those of the checksum. */
function checksum(footer: Uint8Array): number {
  const sum = footer.reduce(
    (total, byte, i) => i >= CHECKSUM_AT && i < CHECKSUM_AT + 4 ? total : total + byte,
    0,
  );
  return ~sum >>> 0;
}
