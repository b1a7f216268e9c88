/** ISO 9660 images: how long they say that they are. ECMA-119, section 8.4. */
import type { RandomAccess } from "./random_access.ts";

/** The system area, which may hold anything, has 16 sectors of this length. */
const SECTOR_BYTES = 2048;
const DESCRIPTOR_AT = 16 * SECTOR_BYTES;
/** Volume Descriptor Type of a Primary Volume Descriptor. */
const PRIMARY = 1;
/** Numbers stand there in both byte orders, little endian first. */
const VOLUME_BLOCKS_AT = 80;
const BLOCK_BYTES_AT = 128;

/**
 * Bytes that the file system of a CD has; a whole file has at least so many. Undefined where the
 * first descriptor is not the primary one.
 */
export function isoVolumeBytes(file: RandomAccess): number | undefined {
  const bytes = new Uint8Array(SECTOR_BYTES);
  file.readAt(bytes, DESCRIPTOR_AT);
  if (bytes[0] !== PRIMARY) return undefined;
  const view = new DataView(bytes.buffer);
  return view.getUint32(VOLUME_BLOCKS_AT, true) * view.getUint16(BLOCK_BYTES_AT, true);
}
