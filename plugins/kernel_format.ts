/**
 * What a kernel file is; a part of the contract.
 *
 * @module
 */

/** What a kernel file is, by its first bytes. */
export type KernelFormat =
  /** The uncompressed arm64 kernel: all that some hypervisors take. */
  | "arm64-image"
  /** An EFI program that unpacks its kernel. */
  | "efi-zboot"
  | "x86-bzimage"
  | "elf"
  /** An x86_64 ELF file with an entry for hypervisors: a Xen note of type 18 (PVH). */
  | "pvh-elf"
  /** Unified kernel image: an EFI program with kernel, initrd and command line. */
  | "uki"
  | "gzip"
  | "zstd"
  | "xz"
  | "lzma"
  | "bzip2"
  | "lz4"
  | "lzo"
  /** Boot loader images of boards. */
  | "fit"
  | "uimage"
  | "unknown";
