import { type ClusterMapping, PARTS_IN_CLUSTER, Qcow2Image } from "../formats/qcow2.ts";
import { corrupt } from "../formats/qcow2_header.ts";
import { unpackCluster } from "../formats/qcow2_unpack.ts";
import { FileReader, WindowReader } from "../formats/random_access.ts";
import { CHUNK_BYTES, HOLE_BYTES } from "../limits.ts";
import { SparseFile } from "../disk/sparse_file.ts";
import { RangeCopier } from "./range_copier.ts";

/** Least length of the window over packed data. */
const WINDOW_BYTES = 1024 * 1024;

/** Data that lies the same way in the source and in the disk. */
interface Stretch {
  sourceOffset: number;
  diskOffset: number;
  length: number;
}

/**
 * Converts pieces of `CHUNK_BYTES` of a qcow2 image's disk, in any order, into a raw disk file that
 * exists, is empty and has its full length. Several converters may share the work on one file.
 */
export class ChunkConverter implements Disposable {
  readonly #source: FileReader;
  readonly #image: Qcow2Image;
  readonly #target: SparseFile;
  readonly #copier: RangeCopier | undefined;
  readonly #packed: WindowReader;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  /** Place of the chunk in the disk, and which part of the buffer has been set. */
  #chunkOffset = 0;
  #filledFrom = 0;
  #filledTo = 0;
  #stretch: Stretch | undefined;

  constructor(sourcePath: string, targetPath: string) {
    using opened = new DisposableStack();
    this.#source = opened.use(new FileReader(sourcePath));
    this.#image = new Qcow2Image(this.#source);
    this.#target = opened.use(SparseFile.open(targetPath));
    // Smaller clusters share a block of HOLE_BYTES, which the buffer would overwrite as a whole.
    this.#copier = this.#image.clusterBytes < HOLE_BYTES
      ? undefined
      : opened.use(RangeCopier.open(sourcePath, targetPath));
    // A packed cluster may claim at most twice the bytes of a cluster.
    const windowBytes = Math.max(WINDOW_BYTES, 2 * this.#image.clusterBytes);
    this.#packed = new WindowReader(this.#source, windowBytes);
    opened.move();
  }

  /** Bytes written here that are no holes. */
  get writtenBytes(): number {
    return this.#target.writtenBytes + (this.#copier?.writtenBytes ?? 0);
  }

  /** Converts the chunk and returns the bytes of the disk that are now done. */
  convert(chunk: number): number {
    const { clusterBytes, header } = this.#image;
    this.#chunkOffset = chunk * CHUNK_BYTES;
    this.#filledFrom = this.#filledTo = -1;
    const end = Math.min(this.#chunkOffset + CHUNK_BYTES, header.virtualBytes);
    for (let offset = this.#chunkOffset; offset < end; offset += clusterBytes) {
      const mapping = this.#image.cluster(offset / clusterBytes);
      this.#take(mapping, offset, Math.min(clusterBytes, end - offset));
    }
    this.#endStretch();
    if (this.#filledTo > 0) {
      this.#target.writeAt(
        this.#chunk.subarray(this.#filledFrom, this.#filledTo),
        this.#chunkOffset + this.#filledFrom,
      );
    }
    return end - this.#chunkOffset;
  }

  #take(mapping: ClusterMapping, diskOffset: number, length: number): void {
    switch (mapping.kind) {
      case "zero":
        return;
      case "data":
        return this.#plain(mapping.offset, diskOffset, length);
      case "compressed": {
        this.#endStretch();
        const packed = this.#packed.view(mapping.offset, mapping.length);
        const { clusterBytes, header } = this.#image;
        const unpacked = unpackCluster(packed, clusterBytes, header.compression);
        this.#place(diskOffset, length).set(unpacked.subarray(0, length));
        return;
      }
      case "parts": {
        const partBytes = this.#image.clusterBytes / PARTS_IN_CLUSTER;
        for (let part = 0; part * partBytes < length; part++) {
          if ((mapping.dataBits & (1 << part)) === 0) continue;
          const at = part * partBytes;
          this.#plain(mapping.offset + at, diskOffset + at, Math.min(partBytes, length - at));
        }
      }
    }
  }

  /** Takes note of plain data; neighbours in both files become one stretch. */
  #plain(sourceOffset: number, diskOffset: number, length: number): void {
    const last = this.#stretch;
    if (
      last !== undefined && last.sourceOffset + last.length === sourceOffset &&
      last.diskOffset + last.length === diskOffset
    ) {
      last.length += length;
      return;
    }
    this.#endStretch();
    this.#stretch = { sourceOffset, diskOffset, length };
  }

  #endStretch(): void {
    const stretch = this.#stretch;
    if (stretch === undefined) return;
    this.#stretch = undefined;
    const { sourceOffset, diskOffset, length } = stretch;
    if (this.#copier?.copy(sourceOffset, diskOffset, length)) return;
    if (this.#source.readAt(this.#place(diskOffset, length), sourceOffset) < length) {
      throw corrupt("it became shorter while it was read");
    }
  }

  /** The part of the buffer for this place of the disk; what is skipped becomes zero. */
  #place(diskOffset: number, length: number): Uint8Array<ArrayBuffer> {
    const at = diskOffset - this.#chunkOffset;
    if (this.#filledFrom < 0) this.#filledFrom = at;
    else this.#chunk.fill(0, this.#filledTo, at);
    this.#filledTo = at + length;
    return this.#chunk.subarray(at, at + length);
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
    this.#target[Symbol.dispose]();
    this.#copier?.[Symbol.dispose]();
  }
}
