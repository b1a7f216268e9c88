/** What a VMDK image needs besides itself. VMware, "Virtual Disk Format 5.0", "Hosted Sparse Extents". */
import { CocoonError } from "../../errors/error.ts";
import type { RandomAccess } from "./random_access.ts";

const SECTOR_BYTES = 512;
const CAPACITY_AT = 12;
const DESCRIPTOR_OFFSET_AT = 28;
const DESCRIPTOR_SIZE_AT = 36;
/** qemu-img looks for a parent in so much from the second sector on, whatever the header says. */
const DESCRIPTOR_BYTES = 20 * SECTOR_BYTES;

/**
 * Refuses an image that makes qemu-img open other files: one whose data is elsewhere, or that is
 * only what differs from a parent. A downloaded image could name any file of this computer.
 * @throws {CocoonError} `failed`
 */
export function checkVmdkAlone(file: RandomAccess): void {
  const header = new Uint8Array(SECTOR_BYTES);
  file.readAt(header, 0);
  const view = new DataView(header.buffer);
  const capacity = view.getBigUint64(CAPACITY_AT, true);
  const offset = Number(view.getBigUint64(DESCRIPTOR_OFFSET_AT, true)) * SECTOR_BYTES;
  const length = Number(view.getBigUint64(DESCRIPTOR_SIZE_AT, true)) * SECTOR_BYTES;
  const descriptors = [SECTOR_BYTES, offset].map((at) => textAt(file, at)).join("\n");
  if (capacity === 0n || length > DESCRIPTOR_BYTES * 50) throw needsOthers();
  if (/parentFileNameHint/i.test(descriptors)) throw needsOthers();
  const parents = descriptors.matchAll(/^\s*parentCID\s*=\s*([0-9a-f]+)/gim);
  for (const [, id = ""] of parents) {
    if (!/^f{8}$/i.test(id)) throw needsOthers();
  }
}

function textAt(file: RandomAccess, offset: number): string {
  if (!Number.isSafeInteger(offset) || offset >= file.size) return "";
  const bytes = new Uint8Array(DESCRIPTOR_BYTES);
  return new TextDecoder("latin1").decode(bytes.subarray(0, file.readAt(bytes, offset)));
}

function needsOthers(): CocoonError {
  return new CocoonError("failed", "it is a VMDK image that needs other files", {
    hint: "Convert it where those files are: qemu-img convert -f vmdk -O qcow2 FILE FILE.qcow2",
  });
}
