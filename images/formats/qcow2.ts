import { corrupt, type Qcow2Header, readQcow2Header } from "./qcow2_header.ts";
import type { RandomAccess } from "./random_access.ts";

/** Where the content of one cluster of the guest's disk is. Offsets and lengths in bytes. */
export type ClusterMapping =
  | { kind: "zero" }
  | { kind: "data"; offset: number }
  /** `length` is an upper bound: the packed data ends somewhere in its last sector. */
  | { kind: "compressed"; offset: number; length: number }
  /** 32 parts; part N (of equal size, at `offset` + N * size) is data if bit N is set, else zero. */
  | { kind: "parts"; offset: number; dataBits: number };

const ZERO: ClusterMapping = { kind: "zero" };

/** Parts of a cluster with extended L2 entries. */
export const PARTS_IN_CLUSTER = 32;
/** Compressed clusters are counted in these. */
const PACKED_SECTOR_BYTES = 512;
/** First-level entries that are read at once. */
const L1_WINDOW_ENTRIES = 4096;

/** Bits 9..55 of the upper and lower half of a table entry: an offset. */
const OFFSET_HIGH = 0x00ffffff;
const OFFSET_LOW = 0xfffffe00;
/** Bit 62, seen in the upper half: the cluster is compressed. */
const COMPRESSED_HIGH = 0x40000000;
/** Bit 0: the cluster reads as zeros (version 3). */
const ZERO_LOW = 1;

/**
 * A qcow2 image open for reading the active disk. Holds one window of the first-level table and
 * one second-level table, so memory does not depend on what the header claims: below 2.1 MiB.
 */
export class Qcow2Image {
  readonly header: Qcow2Header;
  readonly clusterBytes: number;
  /** Clusters of the guest's disk; the last one may reach beyond its end. */
  readonly clusterCount: number;
  readonly #source: RandomAccess;
  readonly #l1 = new DataView(new ArrayBuffer(L1_WINDOW_ENTRIES * 8));
  #l1Window = -1;
  readonly #l2: DataView<ArrayBuffer>;
  #l2Offset = -1;
  readonly #l2EntryBytes: number;
  readonly #l2Entries: number;

  /** @throws {CocoonError} `failed` when the header stands against reading, see `readQcow2Header` */
  constructor(source: RandomAccess) {
    this.#source = source;
    this.header = readQcow2Header(source);
    this.clusterBytes = 2 ** this.header.clusterBits;
    this.clusterCount = Math.ceil(this.header.virtualBytes / this.clusterBytes);
    this.#l2 = new DataView(new ArrayBuffer(this.clusterBytes));
    this.#l2EntryBytes = this.header.extendedL2 ? 16 : 8;
    this.#l2Entries = this.clusterBytes / this.#l2EntryBytes;
  }

  /** Guest bytes that one second-level table describes. */
  get bytesInTable(): number {
    return this.#l2Entries * this.clusterBytes;
  }

  /** Offset of the second-level table number `index` in the file; 0 where all its clusters are zero. */
  tableOffset(index: number): number {
    const window = Math.floor(index / L1_WINDOW_ENTRIES);
    if (window !== this.#l1Window) {
      const bytes = new Uint8Array(this.#l1.buffer);
      this.#source.readAt(bytes, this.header.l1Offset + window * bytes.length);
      this.#l1Window = window;
    }
    const at = (index % L1_WINDOW_ENTRIES) * 8;
    const offset = entryOffset(this.#l1.getUint32(at), this.#l1.getUint32(at + 4));
    if (offset !== 0) this.#checkPlace(offset, this.clusterBytes, "a second-level table");
    return offset;
  }

  /**
   * Where cluster number `index` of the guest's disk is.
   * @throws {CocoonError} `failed` when its entry points to where nothing can be
   */
  cluster(index: number): ClusterMapping {
    const tableOffset = this.tableOffset(Math.floor(index / this.#l2Entries));
    if (tableOffset === 0) return ZERO;
    this.#loadTable(tableOffset);
    const at = (index % this.#l2Entries) * this.#l2EntryBytes;
    const high = this.#l2.getUint32(at);
    const low = this.#l2.getUint32(at + 4);
    if ((high & COMPRESSED_HIGH) !== 0) return this.#compressed(high, low);
    const offset = entryOffset(high, low);
    if (this.header.extendedL2) return this.#parts(index, offset, at);
    if (offset === 0 || (this.header.version === 3 && (low & ZERO_LOW) !== 0)) return ZERO;
    this.#checkPlace(offset, this.#usedBytes(index), "a cluster");
    return { kind: "data", offset };
  }

  #loadTable(offset: number): void {
    if (offset === this.#l2Offset) return;
    this.#l2Offset = -1;
    const bytes = new Uint8Array(this.#l2.buffer);
    if (this.#source.readAt(bytes, offset) < bytes.length) {
      throw corrupt("the file became shorter while it was read");
    }
    this.#l2Offset = offset;
  }

  #compressed(high: number, low: number): ClusterMapping {
    // Bits 0..x-1 are the offset, bits x..61 the count of further sectors, x = 70 - clusterBits.
    const countShift = 70 - this.header.clusterBits - 32;
    const offset = (high & (2 ** countShift - 1)) * 0x1_0000_0000 + low;
    const sectors = ((high & 0x3fffffff) >>> countShift) + 1;
    if (offset >= this.#source.size) throw corrupt("a compressed cluster lies beyond its end");
    const length = sectors * PACKED_SECTOR_BYTES - (offset % PACKED_SECTOR_BYTES);
    return { kind: "compressed", offset, length };
  }

  #parts(index: number, offset: number, at: number): ClusterMapping {
    const zeroBits = this.#l2.getUint32(at + 8);
    const dataBits = this.#l2.getUint32(at + 12);
    if ((zeroBits & dataBits) !== 0) throw corrupt("a part of a cluster is both data and zero");
    if (dataBits === 0) return ZERO;
    if (offset === 0) throw corrupt("a cluster has data, but no place");
    const lastPart = PARTS_IN_CLUSTER - Math.clz32(dataBits);
    const used = Math.min(
      lastPart * (this.clusterBytes / PARTS_IN_CLUSTER),
      this.#usedBytes(index),
    );
    this.#checkPlace(offset, used, "a cluster");
    return { kind: "parts", offset, dataBits };
  }

  /** Bytes of a cluster that are within the guest's disk. */
  #usedBytes(index: number): number {
    return Math.min(this.clusterBytes, this.header.virtualBytes - index * this.clusterBytes);
  }

  #checkPlace(offset: number, length: number, what: string): void {
    if (offset % this.clusterBytes !== 0) {
      throw corrupt(`${what} is not at the beginning of a cluster`);
    }
    if (offset + length > this.#source.size) throw corrupt(`${what} lies beyond its end`);
  }
}

function entryOffset(high: number, low: number): number {
  return (high & OFFSET_HIGH) * 0x1_0000_0000 + ((low & OFFSET_LOW) >>> 0);
}
