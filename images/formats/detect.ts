import { CocoonError } from "../../errors/error.ts";
import { SECTOR_BYTES } from "../limits.ts";
import { isTarHeader } from "../unwrap/tar_header.ts";

/** Disk formats that `qemu-img` reads for us. */
export type ForeignFormat = "vmdk" | "vhd" | "vhdx" | "vdi";

/** Formats that become a disk; an `iso` is one as it is. */
export type DiskSourceFormat = "raw" | "iso" | "qcow2" | ForeignFormat;

/** What a disk image is packed into. */
export type Wrapper = "gzip" | "xz" | "zstd" | "bzip2" | "tar";

/** All that is taken. */
export type SourceFormat = DiskSourceFormat | Wrapper;

/** Whether a file of this format is stored as it is. */
export function isStoredAsIs(format: SourceFormat): format is "raw" | "iso" {
  return format === "raw" || format === "iso";
}

const WRAPPERS: readonly SourceFormat[] = ["gzip", "xz", "zstd", "bzip2", "tar"];

/** Whether the disk image is inside of it. */
export function isWrapper(format: SourceFormat): format is Wrapper {
  return WRAPPERS.includes(format);
}

interface Taken {
  offset: number;
  /** ASCII, or bytes. */
  magic: string | readonly number[];
  format: SourceFormat;
}

const TAKEN: readonly Taken[] = [
  { offset: 0, magic: "QFI\xfb", format: "qcow2" },
  { offset: 0, magic: [0x1f, 0x8b, 0x08], format: "gzip" },
  { offset: 0, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], format: "xz" },
  { offset: 0, magic: [0x28, 0xb5, 0x2f, 0xfd], format: "zstd" },
  // A frame to be skipped (RFC 8878 section 3.1.2), with which pzstd begins its files.
  { offset: 0, magic: [0x50, 0x2a, 0x4d, 0x18], format: "zstd" },
  { offset: 0, magic: "BZh", format: "bzip2" },
  { offset: 0, magic: "KDMV", format: "vmdk" },
  { offset: 0, magic: "vhdxfile", format: "vhdx" },
  { offset: 0, magic: "conectix", format: "vhd" },
  { offset: 64, magic: [0x7f, 0x10, 0xda, 0xbe], format: "vdi" },
  // The first volume descriptor (ECMA-119, 8.1). In front of it anything may stand: a hybrid image,
  // which is for USB sticks too, has a boot sector and partition tables there.
  { offset: 16 * 2048 + 1, magic: "CD001", format: "iso" },
];

interface Signature {
  offset: number;
  /** ASCII, or bytes. */
  magic: string | readonly number[];
  /** Completes "it is ...". */
  name: string;
  hint: string;
}

const CONVERT = (format: string) =>
  `Convert it first: qemu-img convert -f ${format} -O qcow2 FILE FILE.qcow2`;
const UNPACK = (line: string) => `Unpack it first: ${line}`;

/** What is often offered instead of a disk image, and what to do about each. */
const REFUSED: readonly Signature[] = [
  { offset: 0, magic: [0x04, 0x22, 0x4d, 0x18], name: "lz4 data", hint: UNPACK("lz4 -d FILE.lz4") },
  { offset: 0, magic: "PK\x03\x04", name: "a zip archive", hint: UNPACK("unzip FILE.zip") },
  {
    offset: 0,
    magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
    name: "a 7z archive",
    hint: UNPACK("7z x FILE.7z"),
  },
  { offset: 0, magic: "LZIP", name: "lzip data", hint: UNPACK("lzip -d FILE.lz") },
  {
    offset: 0,
    magic: "# Disk DescriptorFile",
    name: "the description of a VMDK image whose data is in other files",
    hint: "Convert it where those files are: qemu-img convert -f vmdk -O qcow2 FILE FILE.qcow2",
  },
  { offset: 0, magic: "WithoutFreeSpace", name: "a Parallels image", hint: CONVERT("parallels") },
  { offset: 0, magic: "WithouFreSpacExt", name: "a Parallels image", hint: CONVERT("parallels") },
  {
    offset: 0,
    magic: [0x3a, 0xff, 0x26, 0xed],
    name: "an Android sparse image",
    hint: "Convert it first: simg2img FILE FILE.raw",
  },
  {
    offset: 0,
    magic: "hsqs",
    name: "a squashfs file system",
    hint: "It is a part of a system, no disk. Take the distribution's cloud image.",
  },
  { offset: 0, magic: "QED\0", name: "a QED image", hint: CONVERT("qed") },
  {
    offset: 0x202,
    magic: "HdrS",
    name: "a Linux kernel",
    hint: "A kernel is no disk; it is given beside one, with --kernel.",
  },
  {
    offset: 0,
    magic: "\x7fELF",
    name: "an ELF program",
    hint: "Take the distribution's cloud image (qcow2 or raw).",
  },
];

const WEB_PAGE_HINT =
  "The server sent a page instead of the image: a login, a download page or an error. " +
  "Take the address of the file itself.";

/**
 * The format of a source, by its content and never by its name.
 *
 * @param head the first `SNIFF_BYTES` of the source, or all of it
 * @throws {CocoonError} `failed`, naming what it is instead and what to do
 */
export function detectFormat(head: Uint8Array): SourceFormat {
  const taken = TAKEN.find(({ offset, magic }) => has(head, offset, magic));
  if (taken !== undefined) return taken.format;
  // By its checksum: the oldest archives have no magic, and a boot sector has no such sum.
  if (isTarHeader(head)) return "tar";
  for (const { offset, magic, name, hint } of REFUSED) {
    if (has(head, offset, magic)) {
      throw new CocoonError("failed", `it is ${name}, no disk image`, { hint });
    }
  }
  refuseText(head);
  if (head.length < SECTOR_BYTES) {
    throw new CocoonError("failed", `it has only ${head.length} bytes, too few for a disk image`, {
      hint: "Was it cut off? Fetch it again.",
    });
  }
  return "raw";
}

function has(head: Uint8Array, offset: number, magic: string | readonly number[]): boolean {
  if (head.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const wanted = typeof magic === "string" ? magic.charCodeAt(i) : magic[i];
    if (head[offset + i] !== wanted) return false;
  }
  return true;
}

/** Text as far as one sector shows: no disk begins so, a boot sector or a table is binary. */
function refuseText(head: Uint8Array): void {
  const start = head.subarray(0, SECTOR_BYTES);
  if (start.length === 0 || start.some((byte) => byte < 0x20 && ![9, 10, 12, 13].includes(byte))) {
    return;
  }
  const text = new TextDecoder().decode(start).trimStart().toLowerCase();
  const page = /^(<!doctype html|<html|<head|<body)/.test(text)
    ? "a web page (HTML)"
    : text.startsWith("<?xml") || text.startsWith("<")
    ? "an XML document"
    : text.startsWith("{") || text.startsWith("[")
    ? "a JSON document"
    : undefined;
  if (page !== undefined) {
    throw new CocoonError("failed", `it is ${page}, no disk image`, { hint: WEB_PAGE_HINT });
  }
  throw new CocoonError("failed", "it is text, no disk image", {
    hint: "Give the disk image itself (qcow2 or raw).",
  });
}
