/**
 * The last bytes of a stream. They are kept in one buffer for good: a guest that boots writes
 * thousands of small pieces, and a new buffer for each would be megabytes of garbage that an idle
 * supervisor has no reason to collect.
 */
export class Scrollback {
  readonly #maxBytes: number;
  /** Twice the size, so that bytes move only once in every `maxBytes` that come. */
  readonly #buffer: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#buffer = new Uint8Array(2 * maxBytes);
  }

  /** Adds what came; the oldest bytes make room for it. */
  append(data: Uint8Array): void {
    const added = data.subarray(Math.max(0, data.length - this.#maxBytes));
    if (this.#end + added.length > this.#buffer.length) {
      const kept = Math.min(this.#end - this.#start, this.#maxBytes - added.length);
      this.#buffer.copyWithin(0, this.#end - kept, this.#end);
      this.#start = 0;
      this.#end = kept;
    }
    this.#buffer.set(added, this.#end);
    this.#end += added.length;
    this.#start = Math.max(this.#start, this.#end - this.#maxBytes);
  }

  /** Forgets everything, and begins with `data`. */
  reset(data: Uint8Array): void {
    this.#start = 0;
    this.#end = 0;
    this.append(data);
  }

  /** A copy of what is kept. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(this.#start, this.#end);
  }
}
