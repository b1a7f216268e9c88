import { fileChunks } from "../sources/file.ts";
import { through } from "../unwrap/zlib_stream.ts";

/** A compressed disk in a file. */
export interface PackedDisk {
  /** `sha256:HEX` */
  digest: string;
  bytes: number;
  /** The content, from its beginning; `onBytes` is told how much has been taken. */
  stream(onBytes: (doneBytes: number) => void): ReadableStream<Uint8Array>;
}

/** Options of {@linkcode packDisk}. */
export interface PackOptions {
  signal?: AbortSignal | undefined;
  /** Counts bytes of the disk. */
  onProgress: (doneBytes: number, totalBytes: number) => void;
}

/** Compresses a disk with zstd into a new file; holes cost next to nothing. */
export async function packDisk(
  diskPath: string,
  targetPath: string,
  { signal, onProgress }: PackOptions,
): Promise<PackedDisk> {
  const { createHash } = await import("node:crypto");
  const { constants, createZstdCompress } = await import("node:zlib");
  const hash = createHash("sha256");
  let bytes = 0;
  using disk = await Deno.open(diskPath, { read: true });
  using target = await Deno.open(targetPath, { write: true, createNew: true, mode: 0o600 });
  const { size } = await disk.stat();
  const read = async function* () {
    let done = 0;
    for await (const chunk of fileChunks(disk)) {
      signal?.throwIfAborted();
      yield chunk;
      done += chunk.length;
      onProgress(done, size);
    }
  };
  const packer = createZstdCompress({
    chunkSize: 1024 * 1024,
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  });
  for await (const piece of through(packer, "disk", read())) {
    hash.update(piece);
    bytes += piece.length;
    for (let at = 0; at < piece.length;) at += await target.write(piece.subarray(at));
  }
  return {
    digest: `sha256:${hash.digest("hex")}`,
    bytes,
    stream: (onBytes) => ReadableStream.from(counted(targetPath, onBytes)),
  };
}

async function* counted(
  path: string,
  onBytes: (doneBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  let done = 0;
  for await (const chunk of fileChunks(file)) {
    // A copy: what is queued to be sent must not be overwritten by the next piece.
    yield chunk.slice();
    done += chunk.length;
    onBytes(done);
  }
}
