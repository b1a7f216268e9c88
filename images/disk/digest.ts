import { CHUNK_BYTES } from "../limits.ts";
import { HASH_BYTES } from "../workers/job.ts";
import { runInWorkers, type WorkOptions } from "../workers/pool.ts";

/**
 * The digest of a disk file: `sha256-4m:HEX`, the SHA-256 over the disk's length (8 bytes, big
 * endian) and, for each 4 MiB of it (the last piece may be shorter), the piece's SHA-256, or 32
 * zero bytes where the piece has only zeros.
 *
 * A plain SHA-256 would have to run over every hole in one thread: 15 s for a disk of 20 GiB with
 * 1 GiB of data, against 0.5 s. The same disk has the same digest whether it came as raw or qcow2.
 */
export async function diskDigest(path: string, options: WorkOptions = {}): Promise<string> {
  const { size } = await Deno.stat(path);
  const hashes = new SharedArrayBuffer(Math.ceil(size / CHUNK_BYTES) * HASH_BYTES);
  await runInWorkers({ kind: "hash", path, hashes }, size, options);
  const { createHash } = await import("node:crypto");
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(size));
  const digest = createHash("sha256")
    .update(new Uint8Array(length.buffer))
    .update(new Uint8Array(hashes))
    .digest("hex");
  return `sha256-4m:${digest}`;
}

/**
 * The digest of a disk that is made of several: `sha256-layers:HEX`, the SHA-256 over their digests
 * in this order, each followed by a newline. So images of different manifests with the same layers
 * have the same.
 */
export async function layersDigest(digests: readonly string[]): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (const digest of digests) hash.update(`${digest}\n`);
  return `sha256-layers:${hash.digest("hex")}`;
}
