import { Qcow2Image } from "../formats/qcow2.ts";
import { scanQcow2 } from "../formats/qcow2_scan.ts";
import { FileReader } from "../formats/random_access.ts";
import { dirname } from "../../host/path.ts";
import { SparseFile } from "../disk/sparse_file.ts";
import { requireSpace } from "../disk/space.ts";
import { SECTOR_BYTES } from "../limits.ts";
import { type Limit, UNPACKED_LIMITS } from "../unwrap/bounds.ts";
import { runInWorkers, type WorkOptions } from "../workers/pool.ts";

/** Length of a disk in bytes: whole sectors, or a guest could not read its end. */
export function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** Options of {@linkcode convertQcow2}. */
export interface ConvertOptions extends Omit<WorkOptions, "onProgress"> {
  /** Length of what the image was packed into. @default {its own} */
  packedBytes?: number | undefined;
  /** How much data may come out of that. @default {UNPACKED_LIMITS.written} */
  limit?: Limit;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Converts a qcow2 image into a new sparse raw disk file with all CPUs. Progress counts bytes of
 * the guest's disk.
 *
 * The source must not change meanwhile. After a failure `targetPath` may exist, partly written.
 * @returns length of the disk in bytes
 * @throws {CocoonError} `failed`: the image is damaged, needs another file, is encrypted, has more
 * data than fits into a file of its length, or the target's disk is too small
 */
export async function convertQcow2(
  sourcePath: string,
  targetPath: string,
  options: ConvertOptions = {},
): Promise<number> {
  const { onProgress, signal, limit = UNPACKED_LIMITS.written } = options;
  const { diskBytes, fileBytes } = await check(sourcePath, targetPath, signal);
  const packedBytes = options.packedBytes ?? fileBytes;
  const target = SparseFile.create(targetPath);
  try {
    target.truncate(diskBytes);
    const job = { kind: "convert-qcow2", sourcePath, targetPath, packedBytes, limit } as const;
    await runInWorkers(job, diskBytes, {
      ...options,
      onProgress: onProgress && ((done) => onProgress(Math.min(done, diskBytes), diskBytes)),
    });
    return diskBytes;
  } finally {
    target[Symbol.dispose]();
  }
}

/** Reads all tables before the first byte is written. */
async function check(
  sourcePath: string,
  targetPath: string,
  signal?: AbortSignal,
): Promise<{ diskBytes: number; fileBytes: number }> {
  using source = new FileReader(sourcePath);
  const image = new Qcow2Image(source);
  const { plainBytes, compressedBytes } = await scanQcow2(image, source.size, signal);
  // A preallocated image maps clusters that are holes in its own file, and will be in ours.
  const { blocks } = await Deno.stat(sourcePath);
  const needed = compressedBytes + Math.min(plainBytes, (blocks ?? Infinity) * SECTOR_BYTES);
  requireSpace(dirname(targetPath), needed);
  return { diskBytes: wholeSectors(image.header.virtualBytes), fileBytes: source.size };
}
