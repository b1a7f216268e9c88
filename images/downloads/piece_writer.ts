import { crc32 } from "node:zlib";
import type { SparseFile } from "../disk/sparse_file.ts";
import { HOLE_BYTES } from "../limits.ts";
import type { Piece } from "./pieces.ts";

/** Bytes that are collected before they are written. */
const BUFFER_BYTES = 1024 * 1024;

/** Writes one piece of a download from where it stands, and notes what is in the file. */
export class PieceWriter {
  readonly piece: Piece;
  readonly #file: SparseFile;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #filled = 0;

  constructor(file: SparseFile, piece: Piece) {
    this.#file = file;
    this.piece = piece;
    this.#buffer = new Uint8Array(Math.min(BUFFER_BYTES, piece.end - piece.start));
  }

  /** Where in the whole file the next byte goes. */
  get position(): number {
    return this.piece.start + this.piece.doneBytes + this.#filled;
  }

  /** Bytes that have been taken and are not in the file yet. */
  get bufferedBytes(): number {
    return this.#filled;
  }

  /** Takes bytes, at most to the end of the piece; returns how many. */
  write(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.piece.end - this.position);
    for (let at = 0; at < taken.length;) {
      const part = taken.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#buffer.length) this.flush();
    }
    if (this.position === this.piece.end) this.flush();
    return taken.length;
  }

  /** Brings all into the file but the last bytes of an unfinished block, which stay. */
  flush(): void {
    const { piece } = this;
    const length = this.position === piece.end
      ? this.#filled
      : this.#filled - this.#filled % HOLE_BYTES;
    const bytes = this.#buffer.subarray(0, length);
    this.#file.writeAt(bytes, piece.start + piece.doneBytes);
    piece.crc32 = crc32(bytes, piece.crc32);
    piece.doneBytes += length;
    this.#buffer.copyWithin(0, length, this.#filled);
    this.#filled -= length;
  }
}
