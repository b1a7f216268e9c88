import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";
import { MAX_DISK_BYTES } from "../limits.ts";
import type { RandomAccess } from "./random_access.ts";

/** How a qcow2 image's compressed clusters are packed. */
export type Qcow2Compression = "zlib" | "zstd";

/** What is needed of a qcow2 header to read the active disk. All offsets and sizes in bytes. */
export interface Qcow2Header {
  version: 2 | 3;
  clusterBits: number;
  /** Size of the guest's disk. */
  virtualBytes: number;
  l1Entries: number;
  l1Offset: number;
  /** Place of the table of reference counts, which is not read; 0 bytes where there is none. */
  refcountOffset: number;
  refcountBytes: number;
  compression: Qcow2Compression;
  /** Clusters are allocated in 32 parts each. */
  extendedL2: boolean;
}

/** `QFI\xfb`, the first four bytes. */
export const QCOW2_MAGIC = 0x514649fb;

/** Length of a version 3 header with its compression type; a version 2 header is shorter. */
const HEADER_BYTES = 105;
const V3_HEADER_BYTES = 104;

/** The specification's own limits on a cluster: 512 bytes to 2 MiB. */
const MIN_CLUSTER_BITS = 9;
const MAX_CLUSTER_BITS = 21;
/** With 32 parts of at least 512 bytes each. */
const MIN_EXTENDED_CLUSTER_BITS = 14;

/** QEMU's limit as well (QCOW_MAX_L1_SIZE): what a larger table would describe, we refuse anyway. */
const MAX_L1_BYTES = 32 * 1024 * 1024;

/** Incompatible feature bits (docs/interop/qcow2.txt of QEMU). */
const INCOMPATIBLE = { dirty: 0, corrupt: 1, externalData: 2, compression: 3, extendedL2: 4 };
const KNOWN_INCOMPATIBLE = 0b11111;

/** Longest backing file name that the specification allows. */
const MAX_BACKING_NAME_BYTES = 1023;

/**
 * Reads and checks the header (docs/interop/qcow2.txt of QEMU). What it lets through can be read
 * with bounded memory; internal snapshots are ignored, the dirty mark too (it concerns reference
 * counts, which a reader does not need).
 * @throws {CocoonError} `failed`, naming what stands against it
 */
export function readQcow2Header(source: RandomAccess): Qcow2Header {
  const bytes = new Uint8Array(HEADER_BYTES);
  const length = source.readAt(bytes, 0);
  const view = new DataView(bytes.buffer);
  if (length < 72 || view.getUint32(0) !== QCOW2_MAGIC) {
    throw new CocoonError("failed", "not a qcow2 image, or cut off within its header");
  }
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    throw new CocoonError(
      "failed",
      `a qcow image of version ${version}; only 2 and 3 can be read`,
      {
        hint: "Convert it first: qemu-img convert -O qcow2 OLD NEW.qcow2",
      },
    );
  }
  refuseBackingFile(source, view);
  if (view.getUint32(32) !== 0) {
    throw new CocoonError("failed", "the qcow2 image is encrypted", {
      hint: "Decrypt it first: qemu-img convert with --object secret writes a plain copy.",
    });
  }
  const features = version === 3
    ? readFeatures(view, length)
    : { compression: "zlib" as const, extendedL2: false };
  const clusterBits = view.getUint32(20);
  const lowest = features.extendedL2 ? MIN_EXTENDED_CLUSTER_BITS : MIN_CLUSTER_BITS;
  if (clusterBits < lowest || clusterBits > MAX_CLUSTER_BITS) {
    throw corrupt(`clusters of 2^${clusterBits} bytes`);
  }
  const header: Qcow2Header = {
    version,
    clusterBits,
    virtualBytes: readVirtualBytes(view),
    l1Entries: view.getUint32(36),
    l1Offset: u64(view, 40),
    refcountOffset: u64(view, 48),
    refcountBytes: view.getUint32(56) * 2 ** clusterBits,
    ...features,
  };
  checkL1(header, source.size);
  return header;
}

/** The error for an image whose own structures contradict each other or the file. */
export function corrupt(what: string): CocoonError {
  return new CocoonError("failed", `the qcow2 image is damaged or cut off: ${what}`, {
    hint: "Fetch it again. `qemu-img check FILE` lists all damage.",
  });
}

/** A 64-bit number; above 2^53 not exact, which only matters for offsets that are refused anyway. */
export function u64(view: DataView, offset: number): number {
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
}

function refuseBackingFile(source: RandomAccess, view: DataView): void {
  const offset = u64(view, 8);
  if (offset === 0) return;
  const length = Math.min(view.getUint32(16), MAX_BACKING_NAME_BYTES);
  const name = new Uint8Array(length);
  const read = offset < source.size ? source.readAt(name, offset) : 0;
  // Shown to the user: escaped, so that a hostile name cannot drive the terminal.
  const shown = JSON.stringify(new TextDecoder().decode(name.subarray(0, read)));
  throw new CocoonError("failed", `the qcow2 image needs a backing file (${shown})`, {
    hint: "Make one file of both: qemu-img convert -O qcow2 FILE WHOLE.qcow2",
  });
}

function readFeatures(
  view: DataView,
  length: number,
): Pick<Qcow2Header, "compression" | "extendedL2"> {
  const headerBytes = length < V3_HEADER_BYTES ? 0 : view.getUint32(100);
  if (headerBytes < V3_HEADER_BYTES) throw corrupt(`a header of ${headerBytes} bytes`);
  const high = view.getUint32(72);
  const low = view.getUint32(76);
  const has = (bit: number) => (low & (1 << bit)) !== 0;
  if (has(INCOMPATIBLE.corrupt)) {
    throw new CocoonError("failed", "the qcow2 image is marked as corrupt", {
      hint: "`qemu-img check -r all FILE` tries to mend it; better fetch it again.",
    });
  }
  if (has(INCOMPATIBLE.externalData)) {
    throw new CocoonError("failed", "the qcow2 image keeps its data in another file", {
      hint: "Make one file of both: qemu-img convert -O qcow2 FILE WHOLE.qcow2",
    });
  }
  const unknown = (BigInt(high) << 32n) | BigInt((low & ~KNOWN_INCOMPATIBLE) >>> 0);
  if (unknown !== 0n) {
    throw new CocoonError(
      "failed",
      `the qcow2 image uses features that cocoon does not know (incompatible bits 0x${
        unknown.toString(16)
      })`,
      { hint: "Write it anew without them: qemu-img convert -O raw FILE FILE.raw" },
    );
  }
  const type = headerBytes > V3_HEADER_BYTES && length > V3_HEADER_BYTES ? view.getUint8(104) : 0;
  if (type > 1 || (type !== 0) !== has(INCOMPATIBLE.compression)) {
    throw corrupt(`compression type ${type}, feature bits 0x${low.toString(16)}`);
  }
  return { compression: type === 1 ? "zstd" : "zlib", extendedL2: has(INCOMPATIBLE.extendedL2) };
}

function readVirtualBytes(view: DataView): number {
  const virtualBytes = u64(view, 24);
  if (virtualBytes === 0) throw new CocoonError("failed", "the qcow2 image holds an empty disk");
  if (virtualBytes > MAX_DISK_BYTES) {
    throw new CocoonError(
      "failed",
      `the qcow2 image claims a disk of ${virtualBytes} bytes; ` +
        `at most ${formatSize(MAX_DISK_BYTES)} are read`,
      { hint: "If it really is that large, shrink it: qemu-img resize --shrink FILE SIZE" },
    );
  }
  return virtualBytes;
}

function checkL1(header: Qcow2Header, fileBytes: number): void {
  const clusterBytes = 2 ** header.clusterBits;
  const entriesInL2 = clusterBytes / (header.extendedL2 ? 16 : 8);
  const needed = Math.ceil(header.virtualBytes / (clusterBytes * entriesInL2));
  const tableBytes = header.l1Entries * 8;
  if (tableBytes > MAX_L1_BYTES || needed * 8 > MAX_L1_BYTES) {
    throw corrupt(`a first-level table of ${Math.max(header.l1Entries, needed)} entries`);
  }
  if (header.l1Entries < needed) {
    throw corrupt(`${header.l1Entries} first-level entries where ${needed} are needed`);
  }
  if (header.l1Offset % clusterBytes !== 0 || header.l1Offset === 0) {
    throw corrupt("the first-level table is not at the beginning of a cluster");
  }
  if (header.l1Offset + tableBytes > fileBytes) {
    throw corrupt("the first-level table lies beyond the end of the file");
  }
}
