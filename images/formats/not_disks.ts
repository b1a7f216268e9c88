/** Files that are no disks, by their first bytes. None of them is what a disk begins with. */
import { CocoonError } from "../../errors/error.ts";
import { hasMagic, type Magic } from "./magic.ts";

interface Signature extends Magic {
  /** Completes "it is ...". */
  name: string;
  hint: string;
}

const CONVERT = (format: string) =>
  `Convert it first: qemu-img convert -f ${format} -O qcow2 FILE FILE.qcow2`;
const UNPACK = (line: string) => `Unpack it first: ${line}`;

const CLOUD_IMAGE = "Take the distribution's cloud image (qcow2 or raw).";
const INITRD = "An initial RAM disk is no disk; it is given beside a kernel, with --initrd.";
const DOCUMENT = "Is it the right file, or the right address? Give the disk image itself.";

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
    hint: CLOUD_IMAGE,
  },
  {
    offset: 0,
    magic: "!<arch>\ndebian-binary",
    name: "a Debian package",
    hint: CLOUD_IMAGE,
  },
  { offset: 0, magic: "!<arch>\n", name: "an ar archive", hint: UNPACK("ar x FILE.a") },
  { offset: 0, magic: [0xed, 0xab, 0xee, 0xdb], name: "an RPM package", hint: CLOUD_IMAGE },
  { offset: 0, magic: "070701", name: "a cpio archive", hint: INITRD },
  { offset: 0, magic: "070702", name: "a cpio archive", hint: INITRD },
  { offset: 0, magic: "Rar!\x1a\x07", name: "a RAR archive", hint: UNPACK("unrar x FILE.rar") },
  { offset: 0, magic: "MSCF\0\0\0\0", name: "a cabinet archive", hint: UNPACK("7z x FILE.cab") },
  { offset: 0, magic: "xar!", name: "a xar archive (a macOS package)", hint: CLOUD_IMAGE },
  { offset: 0, magic: "MSWIM\0\0\0", name: "a Windows image (WIM)", hint: CLOUD_IMAGE },
  { offset: 0, magic: "\x89LZO\0\r\n\x1a\n", name: "lzop data", hint: UNPACK("lzop -d FILE.lzo") },
  { offset: 0, magic: "LRZI", name: "lrzip data", hint: UNPACK("lrzip -d FILE.lrz") },
  { offset: 0, magic: "\x89PNG\r\n\x1a\n", name: "a picture (PNG)", hint: DOCUMENT },
  { offset: 0, magic: [0xff, 0xd8, 0xff, 0xe0], name: "a picture (JPEG)", hint: DOCUMENT },
  { offset: 0, magic: [0xff, 0xd8, 0xff, 0xe1], name: "a picture (JPEG)", hint: DOCUMENT },
  { offset: 0, magic: "GIF89a", name: "a picture (GIF)", hint: DOCUMENT },
  { offset: 0, magic: "%PDF-", name: "a PDF document", hint: DOCUMENT },
  { offset: 0, magic: "SQLite format 3\0", name: "a SQLite database", hint: DOCUMENT },
];

/**
 * Refuses what is known to be something else.
 * @throws {CocoonError} `failed`, naming what it is and what to do
 */
export function refuseKnown(head: Uint8Array): void {
  const known = REFUSED.find((signature) => hasMagic(head, signature));
  if (known === undefined) return;
  throw new CocoonError("failed", `it is ${known.name}, no disk image`, { hint: known.hint });
}
