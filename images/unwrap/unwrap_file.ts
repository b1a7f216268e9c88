import { Room } from "../disk/space.ts";
import { SparseFile, SparseStream } from "../disk/sparse_file.ts";
import type { DiskSourceFormat, SourceFormat, Wrapper } from "../formats/detect.ts";
import type { Host } from "../../plugins/contract.ts";
import { dirname } from "../../host/path.ts";
import { fileChunks, openSourceFile } from "../sources/file.ts";
import { checkUnpacked, UNPACKED_LIMITS, type UnpackedLimits } from "./bounds.ts";
import { unwrap } from "./unwrap.ts";

/** Options of {@linkcode unwrapFile}. */
export interface UnwrapOptions {
  /** Where the image goes once its format is known; a new file. */
  target: (format: DiskSourceFormat) => string;
  /** @default {UNPACKED_LIMITS} */
  limits?: UnpackedLimits;
  /** Bytes of the packed file that have been read. */
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Takes the disk image out of a packed file into a sparse file. After a failure that may be there,
 * partly written.
 * @throws {CocoonError} see `unwrap`; `failed` for what unpacks to more than a disk image does, or
 * than there is room for
 */
export async function unwrapFile(
  host: Pick<Host, "os" | "which">,
  path: string,
  format: SourceFormat,
  options: UnwrapOptions,
): Promise<{ format: DiskSourceFormat; wrappers: Wrapper[]; path: string; bytes: number }> {
  using file = await openSourceFile(path);
  const { size } = await file.stat();
  const opened = await unwrap(host, counted(fileChunks(file), options), format);
  const target = options.target(opened.format);
  const limits = options.limits ?? UNPACKED_LIMITS;
  using sparse = SparseFile.create(target, new Room(dirname(target)));
  const stream = new SparseStream(sparse);
  // Ending the iteration early ends all that unpacks.
  for await (const bytes of opened.chunks) {
    options.signal?.throwIfAborted();
    stream.write(bytes);
    const [totalBytes, writtenBytes] = [stream.length, sparse.writtenBytes];
    checkUnpacked(size, { totalBytes, writtenBytes }, limits);
  }
  stream.end();
  return { format: opened.format, wrappers: opened.wrappers, path: target, bytes: stream.length };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  { onBytes, signal }: UnwrapOptions,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
    bytes += chunk.length;
    onBytes?.(bytes);
  }
}
