/** Takes exact numbers of bytes out of a stream of any pieces. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At most `length` bytes, at least one; undefined at the end. Valid until the next call. */
  async some(length: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** A copy of the next `length` bytes; fewer only at the end. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const part = await this.some(length - filled);
      if (part === undefined) break;
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes.subarray(0, filled);
  }

  /** Passes over bytes; false when there were fewer. */
  async passOver(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return false;
      left -= part.length;
    }
    return true;
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let part; (part = await this.some(Infinity)) !== undefined;) yield part;
  }

  /** Ends the stream early. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
