import { IMAGE_FOLDER } from "./commit.ts";
import type { ImageContext, ProgressCallback } from "./context.ts";
import { convertQcow2, wholeSectors } from "./convert/convert.ts";
import { diskDigest } from "./disk/digest.ts";
import {
  type DiskSourceFormat,
  isStoredAsIs,
  isWrapper,
  type SourceFormat,
  type Wrapper,
} from "./formats/detect.ts";
import { FileReader } from "./formats/random_access.ts";
import { gptDiskBytes } from "./formats/gpt_header.ts";
import { isoVolumeBytes } from "./formats/iso_volume.ts";
import { fixedVhdBytes } from "./formats/vhd_footer.ts";
import { shortened } from "./shortened.ts";
import type { Staging } from "./staging.ts";

/** A file whose digest is known: what a disk is made of. */
export interface SourceFile {
  path: string;
  /** Whether it may be moved away and changed. A file of the user's may not. */
  isOurs: boolean;
  format: SourceFormat;
  /** Length of what it was packed into, if it is out of that already. */
  packedBytes?: number | undefined;
}

/** What was made. */
export interface MadeDisk {
  kind: "disk" | "iso";
  /** Length of the disk. */
  virtualBytes: number;
  diskDigest: string;
  sourceFormat: DiskSourceFormat;
  /** What the image was packed into, outermost first; absent when it was not. */
  wrappers?: Wrapper[];
}

/** Options of {@linkcode makeDisk}. */
export interface MakeOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ProgressCallback | undefined;
}

/** Path of the raw disk in the staging area; it becomes the image's. */
export function stagedDisk(staging: Staging): string {
  return staging.path(`${IMAGE_FOLDER}/disk.raw`);
}

/**
 * Makes the raw disk in the staging area out of a file: unpacks it, converts it, and computes the
 * disk's digest.
 */
export async function makeDisk(
  ctx: ImageContext,
  staging: Staging,
  source: SourceFile,
  options: MakeOptions,
): Promise<MadeDisk> {
  const { path, format, wrappers, packedBytes } = await unpacked(ctx, staging, source, options);
  const isOurs = source.isOurs || wrappers !== undefined;
  const kind = format === "iso" ? "iso" : "disk";
  const made = await converted(ctx, staging, { path, isOurs, format, packedBytes }, options);
  const { onProgress, signal } = options;
  const totalBytes = made.virtualBytes;
  const digest = await diskDigest(stagedDisk(staging), {
    cpus: ctx.host.cpus,
    signal,
    onProgress: (doneBytes) => onProgress?.({ phase: "seal", doneBytes, totalBytes }),
  });
  return { kind, ...made, diskDigest: digest, ...(wrappers === undefined ? {} : { wrappers }) };
}

/** A disk image that is in nothing else. */
interface DiskSource {
  path: string;
  format: DiskSourceFormat;
  packedBytes: number;
}

async function unpacked(
  ctx: ImageContext,
  staging: Staging,
  source: SourceFile,
  { onProgress, signal }: MakeOptions,
): Promise<DiskSource & { wrappers?: Wrapper[] }> {
  const { path, format } = source;
  const totalBytes = (await Deno.stat(path)).size;
  const packedBytes = source.packedBytes ?? totalBytes;
  if (!isWrapper(format)) return { path, format, packedBytes };
  const { unwrapFile } = await import("./unwrap/unwrap_file.ts");
  const inside = await unwrapFile(ctx.host, path, format, {
    target: (inner) => isStoredAsIs(inner) ? stagedDisk(staging) : staging.path("unpacked"),
    onBytes: (doneBytes) => onProgress?.({ phase: "unpack", doneBytes, totalBytes }),
    signal,
  });
  return { ...inside, packedBytes };
}

async function converted(
  ctx: ImageContext,
  staging: Staging,
  source: DiskSource & { isOurs: boolean },
  { onProgress, signal }: MakeOptions,
): Promise<{ virtualBytes: number; sourceFormat: DiskSourceFormat }> {
  const { path, format, packedBytes } = source;
  const disk = stagedDisk(staging);
  const onConvert = (doneBytes: number, totalBytes: number) =>
    onProgress?.({ phase: "convert", doneBytes, totalBytes });
  if (format === "qcow2") {
    const options = { cpus: ctx.host.cpus, signal, packedBytes, onProgress: onConvert };
    return { virtualBytes: await convertQcow2(path, disk, options), sourceFormat: format };
  }
  if (!isStoredAsIs(format)) {
    const { convertForeign } = await import("./formats/foreign.ts");
    const bytes = await convertForeign(ctx.host, format, path, disk, {
      packedBytes,
      signal,
      onProgress: onConvert,
    });
    const virtualBytes = wholeSectors(bytes);
    await Deno.truncate(disk, virtualBytes);
    return { virtualBytes, sourceFormat: format };
  }
  if (path !== disk) {
    if (!source.isOurs) throw new Error(`${path} is not ours to move`);
    await Deno.rename(path, disk);
  }
  return await fitted(disk, format);
}

/**
 * Cuts off what is no part of a raw disk, and fills up its last sector.
 * @throws {CocoonError} `failed` when it says itself that it was longer
 */
async function fitted(
  disk: string,
  format: "raw" | "iso",
): Promise<{ virtualBytes: number; sourceFormat: DiskSourceFormat }> {
  const { size } = await Deno.stat(disk);
  using file = new FileReader(disk);
  const vhdBytes = format === "raw" ? fixedVhdBytes(file) : undefined;
  const virtualBytes = wholeSectors(vhdBytes ?? size);
  // A hybrid CD may have a GPT too, which some programs write for a stick that is larger.
  const saidBytes = format === "raw" ? gptDiskBytes(file) : isoVolumeBytes(file);
  if (saidBytes !== undefined && saidBytes > virtualBytes) throw shortened(format, saidBytes, size);
  await Deno.truncate(disk, virtualBytes);
  return { virtualBytes, sourceFormat: vhdBytes === undefined ? format : "vhd" };
}
