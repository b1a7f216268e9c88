/**
 * What a qcow2 file has its own structures in. No writer lets two of them, or one and a guest's
 * data, share a place: where they do, a table would be read as a disk, or as the next table.
 */
import { corrupt, type Qcow2Header } from "./qcow2_header.ts";

interface Place {
  what: string;
  start: number;
  end: number;
}

/** Places of a file that belong to the image itself. Holds 8 bytes for each second-level table. */
export class Qcow2Places {
  readonly #clusterBytes: number;
  readonly #fixed: readonly Place[];
  /** Offsets of the second-level tables, in order. */
  readonly #tables: Float64Array;
  /** A stretch without any structure: data lies in long rows, so that most need no search. */
  #freeStart = 0;
  #freeEnd = 0;

  /**
   * @param tables offsets of all second-level tables, which will be sorted
   * @throws {CocoonError} `failed` when two structures have one place
   */
  constructor(header: Qcow2Header, tables: Float64Array) {
    this.#clusterBytes = 2 ** header.clusterBits;
    const { l1Offset, l1Entries, refcountOffset, refcountBytes } = header;
    this.#fixed = [
      { what: "the header", start: 0, end: this.#clusterBytes },
      { what: "the first-level table", start: l1Offset, end: l1Offset + l1Entries * 8 },
      {
        what: "the table of reference counts",
        start: refcountOffset,
        end: refcountOffset + refcountBytes,
      },
    ];
    this.#tables = tables.sort();
    for (const [i, offset] of this.#tables.entries()) {
      if (offset === this.#tables[i - 1]) throw corrupt("a second-level table is used twice");
      const other = this.#fixedAt(offset, this.#clusterBytes);
      if (other !== undefined) throw corrupt(`a second-level table lies on ${other.what}`);
    }
  }

  /**
   * Checks that data has a place of its own.
   * @throws {CocoonError} `failed`
   */
  checkData(offset: number, length: number): void {
    const end = offset + length;
    if (offset >= this.#freeStart && end <= this.#freeEnd) return;
    const other = this.#fixedAt(offset, length)?.what ?? this.#tableAt(offset, end);
    if (other !== undefined) throw corrupt(`a cluster of the disk lies on ${other}`);
  }

  #fixedAt(offset: number, length: number): Place | undefined {
    return this.#fixed.find(({ start, end }) => offset < end && start < offset + length);
  }

  /** Looks the place up, and notes the free stretch that it lies in. */
  #tableAt(offset: number, end: number): string | undefined {
    let [low, high] = [0, this.#tables.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#tables[middle] ?? Infinity) < end) low = middle + 1;
      else high = middle;
    }
    const before = (this.#tables[low - 1] ?? -Infinity) + this.#clusterBytes;
    if (before > offset) return "a second-level table";
    const starts = this.#fixed.map(({ start }) => start).filter((start) => start >= end);
    const ends = this.#fixed.map((place) => place.end).filter((fixedEnd) => fixedEnd <= offset);
    this.#freeStart = Math.max(before, ...ends);
    this.#freeEnd = Math.min(this.#tables[low] ?? Infinity, ...starts);
    return undefined;
  }
}
