import type { Transform } from "node:stream";
import { messageOf } from "../../errors/error.ts";
import { ByteSource } from "./byte_source.ts";
import { damaged } from "./damaged.ts";
import { watchZstd } from "./zstd_errors.ts";
import { zstdFrames } from "./zstd_frames.ts";

const OUTPUT_BYTES = 256 * 1024;

/**
 * Unpacks gzip, all members one after the other.
 * @throws {CocoonError} `failed` for damaged data, or an end in the middle
 */
export async function* unpackGzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import("node:zlib");
  yield* through(createGunzip({ chunkSize: OUTPUT_BYTES }), "gzip", chunks);
}

/**
 * Unpacks zstd, all frames one after the other.
 * @throws {CocoonError} `failed` for damaged data, or an end in the middle
 */
export async function* unpackZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createZstdDecompress } = await import("node:zlib");
  const source = new ByteSource(chunks);
  try {
    for await (const frame of zstdFrames(source)) {
      const stream = createZstdDecompress({ chunkSize: OUTPUT_BYTES });
      using _ = watchZstd(stream);
      yield* through(stream, "zstd", frame);
    }
  } finally {
    await source.close();
  }
}

/** Sends a stream through a transformation, in either direction, piece by piece. */
export async function* through(
  stream: Transform,
  format: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // The iteration tells of errors; one that comes before or after it must not end the program.
  stream.on("error", () => {});
  // What the source throws must come out as it is, and not as an error of the data.
  let sourceError: unknown;
  const feeding = feed(stream, chunks).catch((error) => {
    sourceError = error;
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const bytes of stream) yield bytes;
  } catch (error) {
    throw sourceError ?? damaged(format, messageOf(error), error);
  } finally {
    stream.destroy();
    await feeding;
  }
}

async function feed(stream: Transform, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let isClosed = false;
  let wake = () => {};
  stream.once("close", () => {
    isClosed = true;
    wake();
  });
  for await (const chunk of chunks) {
    if (isClosed) return;
    // The next piece may come in the same memory: this one must have been read before.
    await new Promise<void>((resolve) => {
      wake = resolve;
      stream.write(chunk, () => resolve());
    });
  }
  stream.end();
}
