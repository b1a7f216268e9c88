import type { Transform } from "node:stream";
import { CocoonError, messageOf } from "../../errors/error.ts";

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * The content of a stream that may be compressed with gzip or zstd; its first bytes tell, because
 * media types are wrong often enough. The stream is read to its end even when the content ends
 * before, so that whoever checks it sees all of it.
 * @throws {CocoonError} `failed` (from the iteration) for damaged data
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = new Peeked(chunks);
  const head = await source.head(ZSTD.length);
  const transform = await decompressor(head);
  if (transform === undefined) {
    yield* source.all();
    return;
  }
  const { pipeline, Readable } = await import("node:stream");
  let complete = false;
  let fault: unknown;
  const all = async function* () {
    try {
      yield* source.all();
      complete = true;
    } catch (error) {
      // Kept: the stream would wrap or replace it.
      fault = error;
      throw error;
    }
  };
  // Errors come out of the iteration; without a callback they would be uncaught.
  pipeline(Readable.from(all(), { objectMode: false }), transform, () => {});
  try {
    for await (const piece of transform) yield piece;
  } catch (error) {
    throw fault ??
      new CocoonError("failed", `its compressed data is damaged: ${messageOf(error)}`, {
        cause: error,
        hint: "Tell whoever published the image.",
      });
  }
  if (!complete) {
    throw new CocoonError("failed", "its compressed data is followed by something else", {
      hint: "Tell whoever published the image.",
    });
  }
}

async function decompressor(head: Uint8Array): Promise<Transform | undefined> {
  const startsWith = (magic: number[]) => magic.every((byte, i) => head[i] === byte);
  if (!startsWith(GZIP) && !startsWith(ZSTD)) return undefined;
  const { createGunzip, createZstdDecompress } = await import("node:zlib");
  return startsWith(GZIP) ? createGunzip() : createZstdDecompress();
}

/** A stream whose beginning can be looked at. */
class Peeked {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #seen: Uint8Array[] = [];

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** The first bytes; fewer where the stream is shorter. */
  async head(length: number): Promise<Uint8Array> {
    const head = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { done, value } = await this.#iterator.next();
      if (done) break;
      // Copied: a source may use its buffer again.
      const piece = value.slice();
      this.#seen.push(piece);
      head.set(piece.subarray(0, length - filled), filled);
      filled += Math.min(piece.length, length - filled);
    }
    return head.subarray(0, filled);
  }

  async *all(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#seen;
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await this.#iterator.return?.();
    }
  }
}
