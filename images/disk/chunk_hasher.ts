import { createHash } from "node:crypto";
import { SystemError } from "../../native/errno.ts";
import { closeFile, openFile, seekData } from "../../native/libc.ts";
import { FileReader } from "../formats/random_access.ts";
import { CHUNK_BYTES } from "../limits.ts";
import { HASH_BYTES } from "../workers/job.ts";
import { isZero } from "./zeros.ts";

/** Hashes pieces of `CHUNK_BYTES` of a disk file, in any order; holes cost nothing. */
export class ChunkHasher implements Disposable {
  readonly #reader: FileReader;
  readonly #fd: number;
  #holesKnown = true;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);

  constructor(path: string) {
    this.#reader = new FileReader(path);
    this.#fd = openFile(path, "read");
  }

  /**
   * Writes the chunk's SHA-256 to its place in `hashes`, which is zero, unless the whole chunk is
   * zero; returns the bytes that are now done.
   */
  hash(index: number, hashes: Uint8Array<ArrayBufferLike>): number {
    const offset = index * CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES, this.#reader.size - offset);
    if (this.#isHole(offset, length)) return length;
    const bytes = this.#chunk.subarray(0, length);
    if (this.#reader.readAt(bytes, offset) < length) {
      throw new Error("the disk became shorter while it was read");
    }
    if (!isZero(bytes, 0, length)) {
      hashes.set(createHash("sha256").update(bytes).digest(), index * HASH_BYTES);
    }
    return length;
  }

  #isHole(offset: number, length: number): boolean {
    if (!this.#holesKnown) return false;
    try {
      const data = seekData(this.#fd, offset);
      return data === undefined || data >= offset + length;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#holesKnown = false;
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    closeFile(this.#fd);
  }
}
