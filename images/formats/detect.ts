import { CocoonError } from "../../errors/error.ts";
import { SECTOR_BYTES } from "../limits.ts";
import { isTarHeader } from "../unwrap/tar_header.ts";
import { hasMagic, type Magic } from "./magic.ts";
import { refuseKnown } from "./not_disks.ts";
import { refuseText } from "./not_text.ts";

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

interface Taken extends Magic {
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

/**
 * The format of a source, by its content and never by its name.
 *
 * @param head the first `SNIFF_BYTES` of the source, or all of it
 * @throws {CocoonError} `failed`, naming what it is instead and what to do
 */
export function detectFormat(head: Uint8Array): SourceFormat {
  const taken = TAKEN.find((magic) => hasMagic(head, magic));
  if (taken !== undefined) return taken.format;
  // By its checksum: the oldest archives have no magic, and a boot sector has no such sum.
  if (isTarHeader(head)) return "tar";
  refuseKnown(head);
  refuseText(head);
  if (head.length < SECTOR_BYTES) {
    throw new CocoonError("failed", `it has only ${head.length} bytes, too few for a disk image`, {
      hint: "Was it cut off? Fetch it again.",
    });
  }
  return "raw";
}
