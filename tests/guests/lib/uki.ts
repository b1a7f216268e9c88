import { CocoonError } from "../../../errors/error.ts";

/**
 * Unified kernel images: systemd's EFI stub with a command line, a kernel and an initramfs appended
 * as sections of the executable (UAPI group's specification "Unified Kernel Image").
 *
 * objcopy does the same, but Debian's knows only the host's flavour of the format; the few fields
 * of a PE file (Microsoft's "PE Format") that have to follow are the same for every architecture.
 */

/** The parts of an image, all as bytes of the files. */
export interface UkiParts {
  stub: Uint8Array;
  kernel: Uint8Array;
  initrd: Uint8Array;
  commandLine: string;
}

/** Offsets within the headers, from the PE format. */
const PE_OFFSET_FIELD = 0x3c;
const SECTION_COUNT = 6;
const OPTIONAL_HEADER_SIZE = 20;
const OPTIONAL_HEADER = 24;
const SECTION_ALIGNMENT = OPTIONAL_HEADER + 32;
const FILE_ALIGNMENT = OPTIONAL_HEADER + 36;
const IMAGE_SIZE = OPTIONAL_HEADER + 56;
const HEADERS_SIZE = OPTIONAL_HEADER + 60;
const SECTION_HEADER_SIZE = 40;
/** IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ */
const READ_ONLY_DATA = 0x40000040;
/** The kernel is started where it was loaded, so its section begins on a page. */
const PAGE = 4096;

/**
 * Puts an image together.
 *
 * @throws {CocoonError} `failed` when the stub is no PE file or has no room for three more headers
 */
export function unifiedKernelImage(parts: UkiParts): Uint8Array {
  const sections: [string, Uint8Array][] = [
    [".cmdline", new TextEncoder().encode(`${parts.commandLine}\0`)],
    [".linux", parts.kernel],
    [".initrd", parts.initrd],
  ];
  const stub = new DataView(
    parts.stub.buffer,
    parts.stub.byteOffset,
    parts.stub.byteLength,
  );
  const pe = stub.byteLength > PE_OFFSET_FIELD + 4 ? stub.getUint32(PE_OFFSET_FIELD, true) : 0;
  if (pe === 0 || pe + HEADERS_SIZE > stub.byteLength || stub.getUint32(pe) !== 0x50450000) {
    throw new CocoonError("failed", "EFI stub: it is not a PE executable");
  }
  const count = stub.getUint16(pe + SECTION_COUNT, true);
  const table = pe + OPTIONAL_HEADER + stub.getUint16(pe + OPTIONAL_HEADER_SIZE, true);
  const header = (index: number) => table + index * SECTION_HEADER_SIZE;
  if (header(count + sections.length) > stub.getUint32(pe + HEADERS_SIZE, true)) {
    throw new CocoonError("failed", "EFI stub: its headers have no room for more sections");
  }
  const sectionAlignment = Math.max(PAGE, stub.getUint32(pe + SECTION_ALIGNMENT, true));
  const fileAlignment = stub.getUint32(pe + FILE_ALIGNMENT, true);

  let address = 0;
  let offset = 0;
  for (let i = 0; i < count; i++) {
    address = Math.max(
      address,
      stub.getUint32(header(i) + 12, true) + stub.getUint32(header(i) + 8, true),
    );
    offset = Math.max(
      offset,
      stub.getUint32(header(i) + 20, true) + stub.getUint32(header(i) + 16, true),
    );
  }
  // What the stub has behind its last section (symbols) is of no use to the firmware.
  const dataSize = sections.reduce((sum, [, data]) => sum + alignUp(data.length, fileAlignment), 0);
  const image = new Uint8Array(alignUp(offset, fileAlignment) + dataSize);
  image.set(parts.stub.subarray(0, Math.min(offset, parts.stub.length)));
  const view = new DataView(image.buffer);
  offset = alignUp(offset, fileAlignment);
  sections.forEach(([name, data], i) => {
    address = alignUp(address, sectionAlignment);
    const at = header(count + i);
    image.fill(0, at, at + SECTION_HEADER_SIZE);
    image.set(new TextEncoder().encode(name), at);
    view.setUint32(at + 8, data.length, true);
    view.setUint32(at + 12, address, true);
    view.setUint32(at + 16, alignUp(data.length, fileAlignment), true);
    view.setUint32(at + 20, offset, true);
    view.setUint32(at + 36, READ_ONLY_DATA, true);
    image.set(data, offset);
    address += data.length;
    offset += alignUp(data.length, fileAlignment);
  });
  view.setUint16(pe + SECTION_COUNT, count + sections.length, true);
  view.setUint32(pe + IMAGE_SIZE, alignUp(address, sectionAlignment), true);
  return image;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
