/**
 * Whether an image of another program is all there. What lies beyond the end of a file reads as
 * zeros in qemu-img, so that a download that was cut off would become a disk with holes in it.
 */
import { CocoonError } from "../../errors/error.ts";
import type { ForeignFormat } from "./detect.ts";
import type { RandomAccess } from "./random_access.ts";

const SECTOR_BYTES = 512;

/**
 * Checks that a file is as long as its own tables say. Where its data is, `qemu-img map` tells.
 * @throws {CocoonError} `failed`
 */
export function checkWhole(format: ForeignFormat, file: RandomAccess): void {
  const neededBytes = NEEDED[format](file);
  if (!(neededBytes <= file.size)) throw cutOff(format);
}

/** The error for an image that is not all there. */
export function cutOff(format: string): CocoonError {
  return new CocoonError("failed", `it is a ${format} image that is damaged or cut off`, {
    hint: "Fetch it again, and compare its digest with the published one.",
  });
}

/** Length that a file has at least, in bytes; not a number when its tables make no sense. */
const NEEDED: Readonly<Record<ForeignFormat, (file: RandomAccess) => number>> = {
  vdi: vdiBytes,
  vhd: vhdBytes,
  vhdx: vhdxBytes,
  vmdk: vmdkBytes,
};

/** VirtualBox, `VDICore.h`: header version 1.1, little endian. */
function vdiBytes(file: RandomAccess): number {
  const header = view(file, 0, SECTOR_BYTES);
  const dataOffset = header.getUint32(0x158, true);
  const blockBytes = header.getUint32(0x178, true);
  const allocated = header.getUint32(0x184, true);
  return dataOffset + allocated * blockBytes;
}

/** A dynamic image ends with the footer that it begins with. */
function vhdBytes(file: RandomAccess): number {
  const footer = view(file, file.size - SECTOR_BYTES, SECTOR_BYTES);
  const isFooter = [..."conectix"].every((c, i) => footer.getUint8(i) === c.charCodeAt(0));
  return isFooter ? file.size : NaN;
}

/** Microsoft, MS-VHDX section 2.2.3: the regions of the file, one of which is the block table. */
function vhdxBytes(file: RandomAccess): number {
  const table = view(file, 192 * 1024, 64 * 1024);
  const count = table.getUint32(8, true);
  // MS-VHDX: at most 2047 entries.
  if (count > 2047) return NaN;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const at = 16 + 32 * i;
    const offset = Number(table.getBigUint64(at + 16, true));
    end = Math.max(end, offset + table.getUint32(at + 24, true));
  }
  return end;
}

/** VMware, "Virtual Disk Format 5.0": what comes before the first grain. */
function vmdkBytes(file: RandomAccess): number {
  const header = view(file, 0, SECTOR_BYTES);
  return Number(header.getBigUint64(64, true)) * SECTOR_BYTES;
}

/** Bytes as a view; what is not in the file is zero. */
function view(file: RandomAccess, offset: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  if (offset >= 0 && offset < file.size) file.readAt(bytes, offset);
  return new DataView(bytes.buffer);
}
