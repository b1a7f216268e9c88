/** Bytes that can be read from any place; a file, or a buffer in tests. */
export interface RandomAccess {
  /** Length in bytes; does not change. */
  readonly size: number;
  /**
   * Fills `target` from `offset` on and returns how many bytes there were: fewer than asked only
   * at the end.
   */
  readAt(target: Uint8Array<ArrayBuffer>, offset: number): number;
}

/** A file open for reading. */
export class FileReader implements RandomAccess, Disposable {
  readonly size: number;
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true });
    this.size = this.#file.statSync().size;
  }

  readAt(target: Uint8Array<ArrayBuffer>, offset: number): number {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < target.length) {
      const count = this.#file.readSync(target.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return filled;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Bytes in memory. */
export class BufferReader implements RandomAccess {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  readAt(target: Uint8Array<ArrayBuffer>, offset: number): number {
    const part = this.#bytes.subarray(offset, offset + target.length);
    target.set(part);
    return part.length;
  }
}

/**
 * Serves small reads that move forward out of one window, so that thousands of compressed clusters
 * cost one system call for each window.
 */
export class WindowReader {
  readonly #source: RandomAccess;
  readonly #window: Uint8Array<ArrayBuffer>;
  #start = 0;
  #length = 0;

  /** @param windowBytes the longest read that can be served */
  constructor(source: RandomAccess, windowBytes: number) {
    this.#source = source;
    this.#window = new Uint8Array(windowBytes);
  }

  /**
   * The bytes at `offset`; fewer than `length` at the end of the source. Valid until the next call.
   */
  view(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#window.length) throw new RangeError("a read longer than the window");
    if (offset < this.#start || offset + length > this.#start + this.#length) {
      this.#start = offset;
      this.#length = this.#source.readAt(this.#window, offset);
    }
    const from = offset - this.#start;
    return this.#window.subarray(from, Math.min(from + length, this.#length));
  }
}
