import { type SourceDigests, SourceHasher } from "../digests.ts";
import { FileReader } from "../formats/random_access.ts";
import { SNIFF_BYTES } from "../limits.ts";

const READ_BYTES = 1024 * 1024;
/** Bytes that are read at once, in about 25 ms, before connections get their turn again. */
const TURN_BYTES = 32 * READ_BYTES;

/** Is given the first bytes of a file and its length, once; what it throws ends the download. */
export type CheckHead = (
  head: Uint8Array,
  totalBytes: number | undefined,
) => void | Promise<void>;

/**
 * Reads a file behind those who write it, in order, for its digests and its first bytes. What it
 * has hashed is what is on the disk, whatever the order was in which it came.
 */
export class Follower implements Disposable {
  readonly #reader: FileReader;
  readonly #hasher: SourceHasher;
  readonly #checkHead: (head: Uint8Array) => void | Promise<void>;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #position = 0;
  #isHeadChecked = false;

  private constructor(
    path: string,
    hasher: SourceHasher,
    checkHead: (head: Uint8Array) => void | Promise<void>,
  ) {
    this.#reader = new FileReader(path);
    this.#hasher = hasher;
    this.#checkHead = checkHead;
  }

  /**
   * @param expected digests that will be compared
   * @param checkHead called once with the first `SNIFF_BYTES`, or all of a shorter file; may throw
   */
  static async open(
    path: string,
    expected: Partial<SourceDigests>,
    checkHead: (head: Uint8Array) => void | Promise<void>,
  ): Promise<Follower> {
    return new Follower(path, await SourceHasher.create(expected), checkHead);
  }

  /** Reads what is whole up to `end`, or a part of it. */
  advance(end: number): void {
    const turnEnd = Math.min(end, this.#position + TURN_BYTES);
    while (this.#position < turnEnd) {
      const wanted = this.#buffer.subarray(0, turnEnd - this.#position);
      const bytes = wanted.subarray(0, this.#reader.readAt(wanted, this.#position));
      if (bytes.length < wanted.length) {
        throw new Error("the download's file became shorter while it was read");
      }
      this.#hasher.update(bytes);
      this.#position += bytes.length;
    }
  }

  /** Has the first bytes looked at, as soon as there are enough of them. */
  async checkHead(): Promise<void> {
    if (this.#position >= SNIFF_BYTES) await this.#lookAtHead(SNIFF_BYTES);
  }

  /** Reads all up to `end`, letting others work in between. */
  async catchUp(end: number, signal: AbortSignal): Promise<void> {
    while (this.#position < end) {
      signal.throwIfAborted();
      this.advance(end);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** The digests of all that was read, after the last byte. */
  async finish(): Promise<SourceDigests> {
    await this.#lookAtHead(Math.min(this.#position, SNIFF_BYTES));
    return this.#hasher.digests();
  }

  async #lookAtHead(length: number): Promise<void> {
    if (this.#isHeadChecked) return;
    this.#isHeadChecked = true;
    const head = new Uint8Array(length);
    this.#reader.readAt(head, 0);
    await this.#checkHead(head);
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
