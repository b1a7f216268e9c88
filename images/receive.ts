import { type SourceDigests, SourceHasher } from "./digests.ts";
import type { SparseStream } from "./disk/sparse_file.ts";
import { detectFormat, type SourceFormat } from "./formats/detect.ts";
import { MAX_DISK_BYTES, SNIFF_BYTES } from "./limits.ts";
import { tooLarge } from "./too_large.ts";

/** What came out of a source. */
export interface Received {
  format: SourceFormat;
  digests: SourceDigests;
  bytes: number;
}

/** Options of {@linkcode receive}. */
export interface ReceiveOptions {
  /** Digests that will be compared. */
  expected: Partial<SourceDigests>;
  /** Decides where the bytes go once the format is known; undefined keeps none of them. */
  target: (format: SourceFormat) => SparseStream | undefined;
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Reads a source to its end, once: recognises the format by the first bytes (and stops there when
 * it is no disk image), hashes and keeps it.
 * @throws {CocoonError} `failed` for what is no disk image, or is too large for one
 */
export async function receive(
  chunks: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<Received> {
  const hasher = await SourceHasher.create(options.expected);
  const head = new Uint8Array(SNIFF_BYTES);
  let headBytes = 0;
  let format: SourceFormat | undefined;
  let target: SparseStream | undefined;
  let bytes = 0;
  const recognise = () => {
    format = detectFormat(head.subarray(0, headBytes));
    target = options.target(format);
    target?.write(head.subarray(0, headBytes));
    return format;
  };
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    hasher.update(chunk);
    bytes += chunk.length;
    if (bytes > MAX_DISK_BYTES) throw tooLarge(MAX_DISK_BYTES);
    let rest = chunk;
    if (format === undefined) {
      const taken = chunk.subarray(0, head.length - headBytes);
      head.set(taken, headBytes);
      headBytes += taken.length;
      rest = chunk.subarray(taken.length);
      if (headBytes === head.length) recognise();
    }
    target?.write(rest);
    options.onBytes?.(bytes);
  }
  format ??= recognise();
  target?.end();
  return { format, digests: hasher.digests(), bytes };
}
