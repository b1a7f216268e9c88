/** Reads the files of an image back that `writeIso9660()` made. */
import { CocoonError } from "../errors/error.ts";
import type { IsoFile } from "./iso9660.ts";
import { RECORD_HEADER_BYTES, SECTOR_BYTES } from "./iso9660_records.ts";

/** The supplementary volume descriptor is in the second of the descriptors' sectors. */
const JOLIET_DESCRIPTOR_AT = 17 * SECTOR_BYTES;
/** Place of the root directory's record in a descriptor (ECMA-119, 8.5). */
const ROOT_RECORD_AT = 156;
/** Bit of a record's flags: a directory (ECMA-119, 9.1.6). */
const DIRECTORY_FLAG = 2;

/**
 * The files of the root directory, in its order, by their Joliet names.
 * @throws {CocoonError} `failed` when it is no such image, or one that is damaged
 */
export function readIso9660(image: Uint8Array): IsoFile[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  try {
    const id = new TextDecoder().decode(image.subarray(JOLIET_DESCRIPTOR_AT, descriptorIdEnd));
    if (id !== "\u0002CD001") throw new RangeError("no Joliet descriptor");
    return readDirectory(image, view, extentOf(view, JOLIET_DESCRIPTOR_AT + ROOT_RECORD_AT));
  } catch (cause) {
    // DataView's own, for a place outside of the image.
    if (!(cause instanceof RangeError)) throw cause;
    throw new CocoonError("failed", `not a seed image, or a damaged one: ${cause.message}`, {
      cause,
    });
  }
}

const descriptorIdEnd = JOLIET_DESCRIPTOR_AT + 6;

function readDirectory(
  image: Uint8Array,
  view: DataView,
  { start, end }: { start: number; end: number },
): IsoFile[] {
  const decoder = new TextDecoder("utf-16be");
  const files: IsoFile[] = [];
  for (let at = start; at < end;) {
    const length = view.getUint8(at);
    if (length === 0) { // the rest of the sector is empty
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES;
      continue;
    }
    if ((view.getUint8(at + 25) & DIRECTORY_FLAG) === 0) {
      const nameAt = at + RECORD_HEADER_BYTES;
      const extent = extentOf(view, at);
      if (extent.end > image.length) throw new RangeError("a file ends outside of the image");
      files.push({
        name: decoder.decode(image.subarray(nameAt, nameAt + view.getUint8(at + 32))),
        data: image.slice(extent.start, extent.end),
      });
    }
    at += length;
  }
  return files;
}

/** Where the content of a record is, in bytes. */
function extentOf(view: DataView, recordAt: number): { start: number; end: number } {
  const start = view.getUint32(recordAt + 2, true) * SECTOR_BYTES;
  return { start, end: start + view.getUint32(recordAt + 10, true) };
}
