/** Looks for the note by which hypervisors boot an ELF kernel directly (PVH). */
import { type ByteRange, readStart, within } from "./byte_range.ts";

/** `XEN_ELFNOTE_PHYS32_ENTRY` of Xen's public/elfnote.h; QEMU looks for it in hw/i386/x86.c. */
const PHYS32_ENTRY = 18;
/** Program headers are 56 bytes each (ELF-64 specification), and kernels have a handful. */
const HEADER_BYTES = 56;
const MAX_HEADERS = 64;
const PT_NOTE = 4;
/** Far above the notes of any kernel, which take some hundred bytes. */
const MAX_NOTE_BYTES = 64 * 1024;

/** Whether a 64-bit little-endian ELF file has a PVH entry. */
export async function hasPvhEntry(file: ByteRange): Promise<boolean> {
  const head = viewOf(await readStart(file, 64));
  if (head.byteLength < 64 || head.getUint8(4) !== 2) return false;
  const offset = Number(head.getBigUint64(0x20, true));
  const count = Math.min(head.getUint16(0x38, true), MAX_HEADERS);
  if (head.getUint16(0x36, true) !== HEADER_BYTES) return false;
  const table = await part(file, offset, count * HEADER_BYTES);
  for (let at = 0; at + HEADER_BYTES <= table.byteLength; at += HEADER_BYTES) {
    if (table.getUint32(at, true) !== PT_NOTE) continue;
    const start = Number(table.getBigUint64(at + 8, true));
    const length = Number(table.getBigUint64(at + 32, true));
    if (hasEntry(await part(file, start, Math.min(length, MAX_NOTE_BYTES)))) return true;
  }
  return false;
}

/** Notes: three numbers, then name and description, each filled up to 4 bytes. */
function hasEntry(notes: DataView): boolean {
  for (let at = 0; at + 12 <= notes.byteLength;) {
    const [nameBytes, textBytes, type] = [0, 4, 8].map((field) =>
      notes.getUint32(at + field, true)
    );
    const isXen = nameBytes === 4 && at + 16 <= notes.byteLength &&
      notes.getUint32(at + 12) === 0x58656e00; // "Xen\0"
    if (isXen && type === PHYS32_ENTRY) return true;
    at += 12 + padded(nameBytes) + padded(textBytes);
  }
  return false;
}

function padded(bytes = 0): number {
  return Math.ceil(bytes / 4) * 4;
}

/** The bytes there; fewer, or none, where the file ends before. */
async function part(file: ByteRange, offset: number, length: number): Promise<DataView> {
  if (offset >= file.length) return new DataView(new ArrayBuffer(0));
  const bytes = Math.min(length, file.length - offset);
  return viewOf(await readStart(within(file, offset, bytes), bytes));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
