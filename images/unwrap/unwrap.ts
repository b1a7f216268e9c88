import { CocoonError } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import {
  detectFormat,
  type DiskSourceFormat,
  isWrapper,
  type SourceFormat,
  type Wrapper,
} from "../formats/detect.ts";
import { SNIFF_BYTES } from "../limits.ts";
import { ByteSource } from "./byte_source.ts";
import { unpackByProgram } from "./program_stream.ts";
import { tarDisk } from "./tar_disk.ts";
import { unpackGzip, unpackZstd } from "./zlib_stream.ts";

/** An archive in a packed archive, and one more. */
const MAX_WRAPPERS = 3;

/** A disk image that comes out of its wrappers. */
export interface Unwrapped {
  format: DiskSourceFormat;
  /** Outermost first. */
  wrappers: Wrapper[];
  /** The image; has to be read to its end, or ended. */
  chunks: AsyncGenerator<Uint8Array>;
}

/**
 * Takes a disk image out of what it is packed into, wrapper in wrapper, as a stream. How much comes
 * out is for the reader to watch.
 *
 * @param chunks of the outermost wrapper
 * @param format what that is
 * @throws {CocoonError} here and from the iteration: `failed` for damaged data, for what is no disk
 * image and for too many wrappers; `host-lacks` without a program
 */
export async function unwrap(
  host: Pick<Host, "os" | "which">,
  chunks: AsyncIterable<Uint8Array>,
  format: SourceFormat,
): Promise<Unwrapped> {
  const wrappers: Wrapper[] = [];
  let current = chunks;
  let inner = format;
  try {
    while (isWrapper(inner)) {
      if (wrappers.length === MAX_WRAPPERS) throw tooDeep(wrappers);
      wrappers.push(inner);
      const opened = await peek(open(host, inner, current));
      current = opened.chunks;
      inner = detectFormat(opened.head);
    }
  } catch (error) {
    await current[Symbol.asyncIterator]().return?.();
    throw error;
  }
  return { format: inner, wrappers, chunks: all(current) };
}

function open(
  host: Pick<Host, "os" | "which">,
  format: Wrapper,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  switch (format) {
    case "gzip":
      return unpackGzip(chunks);
    case "zstd":
      return unpackZstd(chunks);
    case "tar":
      return tarDisk(chunks);
    case "xz":
    case "bzip2":
      return unpackByProgram(host, format, chunks);
  }
}

/** Reads the first bytes and gives them again with the rest. */
async function peek(
  chunks: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; chunks: AsyncGenerator<Uint8Array> }> {
  const source = new ByteSource(chunks);
  const head = await source.take(SNIFF_BYTES);
  return { head, chunks: again(head, source) };
}

async function* again(head: Uint8Array, source: ByteSource): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    yield* source.rest();
  } finally {
    await source.close();
  }
}

async function* all(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function tooDeep(wrappers: readonly string[]): CocoonError {
  return new CocoonError(
    "failed",
    `it is packed more than ${MAX_WRAPPERS} times (${wrappers.join(", in it ")})`,
    { hint: "Unpack it yourself, and import the disk image." },
  );
}
