/**
 * The little of qcow2 that an overlay needs; fields and limits are those of QEMU's specification,
 * docs/interop/qcow2.rst.
 */
import { CocoonError } from "../../errors/error.ts";

const MAGIC = 0x514649fb; // "QFI\xfb"
const CLUSTER_BITS = 16;
const CLUSTER_BYTES = 1 << CLUSTER_BITS;
const HEADER_BYTES = 104;
const EXTENSION_BACKING_FORMAT = 0xe2792aca;
/** Guest bytes behind one entry of an L1 table: a cluster of 8-byte entries, a cluster each. */
const L1_ENTRY_COVERS_BYTES = (CLUSTER_BYTES / 8) * CLUSTER_BYTES;
const L1_CLUSTER_COVERS_BYTES = (CLUSTER_BYTES / 8) * L1_ENTRY_COVERS_BYTES;
/** QEMU opens L1 tables of up to 32 MiB (QCOW_MAX_L1_SIZE, block/qcow2.h). */
const MAX_L1_CLUSTERS = (32 << 20) / CLUSTER_BYTES;
/** The largest virtual disk: 2048 TiB. */
export const MAX_DISK_BYTES = MAX_L1_CLUSTERS * L1_CLUSTER_COVERS_BYTES;
/** The specification's limit of the backing file's name. */
const MAX_BACKING_NAME_BYTES = 1023;

/** Sizes of virtual disks are whole sectors. */
export function roundToSectors(bytes: number): number {
  return Math.ceil(bytes / 512) * 512;
}

/** Bytes of a new file, by their offset; between them is nothing but zeros. */
export interface FileParts {
  parts: { offset: number; bytes: Uint8Array }[];
  fileBytes: number;
}

/**
 * An overlay without data on a raw image. Its L1 table has room for 4 TiB at least, so that growing
 * the disk later means writing one field of the header.
 *
 * The file: header, refcount table, the one refcount block, L1 table (all zeros: nothing is
 * allocated, every read goes to the base and beyond its end gives zeros).
 * @param basePath absolute, so that QEMU neither resolves it nor takes a part of it for a protocol
 * @throws {CocoonError} `usage` when the size or the path is more than the format takes
 */
export function emptyOverlay(basePath: string, sizeBytes: number): FileParts {
  const l1Clusters = Math.max(1, Math.ceil(sizeBytes / L1_CLUSTER_COVERS_BYTES));
  if (l1Clusters > MAX_L1_CLUSTERS) {
    throw new CocoonError(
      "usage",
      `a qcow2 disk has at most ${MAX_DISK_BYTES / 2 ** 40} TiB, not ${sizeBytes} bytes`,
      { hint: "Ask for a smaller disk." },
    );
  }
  const clusters = 3 + l1Clusters;
  const refcountBlock = new DataView(new ArrayBuffer(clusters * 2));
  for (let i = 0; i < clusters; i++) refcountBlock.setUint16(i * 2, 1);
  const refcountTable = new DataView(new ArrayBuffer(8));
  refcountTable.setBigUint64(0, BigInt(2 * CLUSTER_BYTES));
  return {
    parts: [
      { offset: 0, bytes: header(basePath, sizeBytes, l1Clusters) },
      { offset: CLUSTER_BYTES, bytes: new Uint8Array(refcountTable.buffer) },
      { offset: 2 * CLUSTER_BYTES, bytes: new Uint8Array(refcountBlock.buffer) },
    ],
    fileBytes: clusters * CLUSTER_BYTES,
  };
}

function header(basePath: string, sizeBytes: number, l1Clusters: number): Uint8Array {
  const name = new TextEncoder().encode(basePath);
  if (name.length > MAX_BACKING_NAME_BYTES) {
    throw new CocoonError(
      "usage",
      `image ${basePath}: its path has ${name.length} bytes, a qcow2 overlay can name at most ` +
        MAX_BACKING_NAME_BYTES,
      { hint: "Use a shorter COCOON_HOME, or the storage driver `copy`." },
    );
  }
  const format = new TextEncoder().encode("raw");
  const extensionsBytes = 8 + 8 + 8; // backing format (padded to 8 bytes) and the end mark
  const nameOffset = HEADER_BYTES + extensionsBytes;
  const view = new DataView(new ArrayBuffer(nameOffset + name.length));
  const bytes = new Uint8Array(view.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, 3);
  view.setBigUint64(8, BigInt(nameOffset));
  view.setUint32(16, name.length);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(SIZE_OFFSET, BigInt(sizeBytes));
  view.setUint32(36, l1Clusters * (CLUSTER_BYTES / 8));
  view.setBigUint64(40, BigInt(3 * CLUSTER_BYTES));
  view.setBigUint64(48, BigInt(CLUSTER_BYTES));
  view.setUint32(56, 1); // clusters of the refcount table
  view.setUint32(96, 4); // refcounts of 2^4 bits
  view.setUint32(100, HEADER_BYTES);
  view.setUint32(HEADER_BYTES, EXTENSION_BACKING_FORMAT);
  view.setUint32(HEADER_BYTES + 4, format.length);
  bytes.set(format, HEADER_BYTES + 8);
  bytes.set(name, nameOffset);
  return bytes;
}

/** Where the header has the size of the virtual disk: 8 bytes, big-endian. */
export const SIZE_OFFSET = 24;

/** What growing a disk must know of it. */
export interface OverlayHeader {
  sizeBytes: number;
  /** Largest size that changing the size field alone can give; 0 when it must not be done. */
  roomBytes: number;
}

/** Reads the start of a qcow2 file; undefined when it is none that can be understood. */
export function readHeader(bytes: Uint8Array): OverlayHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== 3) return undefined;
  const sizeBytes = Number(view.getBigUint64(SIZE_OFFSET));
  // Snapshots, any incompatible feature and autoclear features (bitmaps) tie more to the size than
  // this field; QEMU's own program knows what.
  const plain = view.getUint32(20) === CLUSTER_BITS && view.getUint32(60) === 0 &&
    view.getBigUint64(72) === 0n && view.getBigUint64(88) === 0n;
  return { sizeBytes, roomBytes: plain ? view.getUint32(36) * L1_ENTRY_COVERS_BYTES : 0 };
}
