import { type ByteRange, within } from "./byte_range.ts";

/** Headers that stand close together come with one reading; those far apart cost little more. */
const WINDOW_BYTES = 4096;

/** Reads short stretches anywhere in a part of a file, which stays open meanwhile. */
export class WindowReader implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #range: ByteRange;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #start = 0;
  #filled = 0;

  private constructor(file: Deno.FsFile, range: ByteRange) {
    this.#file = file;
    this.#range = range;
  }

  static async open(range: ByteRange): Promise<WindowReader> {
    return new WindowReader(await Deno.open(range.path), range);
  }

  /**
   * The bytes from `offset` of the range on, valid until the next call; fewer than `length` (at most
   * 4096) only at the end.
   */
  async at(offset: number, length: number): Promise<DataView> {
    if (offset < this.#start || offset + length > this.#start + this.#filled) {
      await this.#fill(offset);
    }
    const from = Math.min(offset - this.#start, this.#filled);
    return new DataView(this.#window.buffer, from, Math.min(length, this.#filled - from));
  }

  async #fill(offset: number): Promise<void> {
    const wanted = within(this.#range, offset, WINDOW_BYTES);
    this.#start = offset;
    this.#filled = 0;
    await this.#file.seek(wanted.offset, Deno.SeekMode.Start);
    while (this.#filled < wanted.length) {
      const count = await this.#file.read(this.#window.subarray(this.#filled, wanted.length));
      if (count === null) return;
      this.#filled += count;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
