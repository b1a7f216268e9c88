import { type AddedImage, commitImage, IMAGE_FOLDER, reuseStored } from "./commit.ts";
import type { ImageContext, ProgressCallback } from "./context.ts";
import { convertQcow2, wholeSectors } from "./convert/convert.ts";
import {
  checkDigests,
  type ExpectedDigests,
  normalizeExpected,
  type SourceDigests,
} from "./digests.ts";
import { diskDigest } from "./disk/digest.ts";
import { explainFullDisk, requireSpace } from "./disk/space.ts";
import { SparseFile, SparseStream } from "./disk/sparse_file.ts";
import type { DiskSourceFormat } from "./formats/detect.ts";
import type { ImageRecord } from "../state/images.ts";
import { type Origin, vouchedFacts } from "./facts.ts";
import { receive, type Received } from "./receive.ts";
import { Staging } from "./staging.ts";

/** Options that all ways of adding an image share. */
export interface AddOptions extends ExpectedDigests, Origin {
  /** Name to point to the image, already checked. */
  tag?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressCallback | undefined;
}

/** A source that is read once. */
export interface SourceStream {
  chunks: AsyncIterable<Uint8Array>;
  /** As the record shows it. */
  source: string;
  /** `hash` for a local file. */
  phase: "download" | "hash";
  totalBytes?: number | undefined;
  /**
   * Who the image is, where its source has told and checked it (a registry's manifest); else the
   * digest of what was read.
   */
  identity?: Pick<ImageRecord, "digest" | "verified">;
}

/** A local file that holds still: a qcow2 image in it is converted from where it is. */
export interface LocalFile {
  path: string;
  /** Called when all of it has been read. @throws when it has changed since it was opened */
  checkUnchanged(): Promise<void>;
}

/**
 * Adds an image from a stream: staging area, digests, raw disk, store. Whatever happens, a failure
 * leaves the store as it was and the staging area empty; no lock is held over the work.
 *
 * @param local the file that the stream reads, if it is one
 */
export async function addImage(
  ctx: ImageContext,
  stream: SourceStream,
  options: AddOptions,
  local?: LocalFile,
): Promise<AddedImage> {
  const { signal, tag } = options;
  const expected = normalizeExpected(options);
  await using staging = await Staging.open(ctx.home, signal);
  try {
    const received = await keep(staging, stream, expected, options, local);
    const given = checkDigests(expected, received.digests, local && "Nothing was stored");
    const facts = vouchedFacts(options, received.digests.sha512);
    const verified = stream.identity?.verified ?? facts.verified ?? given;
    await local?.checkUnchanged();
    const digest = stream.identity?.digest ?? `sha256:${received.digests.sha256}`;
    const stored = await reuseStored(ctx, digest, verified, tag, signal, facts);
    if (stored !== undefined) return stored;
    const disk = await makeDisk(ctx, staging, received, options, local);
    await local?.checkUnchanged();
    return await commitImage(
      ctx,
      staging,
      {
        digest,
        ...disk,
        sourceFormat: received.format,
        source: stream.source,
        ...facts,
        verified,
      },
      tag,
      signal,
    );
  } catch (error) {
    throw await explainFullDisk(error, ctx.home.imagesDir);
  }
}

/** Where what is received goes: a raw image is its own disk. */
function keptPath(staging: Staging, format: DiskSourceFormat): string {
  return staging.path(format === "raw" ? `${IMAGE_FOLDER}/disk.raw` : "source");
}

async function keep(
  staging: Staging,
  stream: SourceStream,
  expected: Partial<SourceDigests>,
  options: AddOptions,
  local: LocalFile | undefined,
): Promise<Received> {
  Deno.mkdirSync(staging.path(IMAGE_FOLDER));
  const { onProgress, signal } = options;
  const total = stream.totalBytes === undefined ? {} : { totalBytes: stream.totalBytes };
  using files = new DisposableStack();
  return await receive(stream.chunks, {
    expected,
    async target(format) {
      if (format === "qcow2") {
        if (local !== undefined) return undefined;
        // A raw image may be mostly holes, so its length says nothing.
        await requireSpace(staging.directory, stream.totalBytes ?? 0);
      }
      return new SparseStream(files.use(SparseFile.create(keptPath(staging, format))));
    },
    onBytes: (doneBytes) => onProgress?.({ phase: stream.phase, doneBytes, ...total }),
    signal,
  });
}

/** Makes `image/disk.raw` in the staging area what will be stored. */
async function makeDisk(
  ctx: ImageContext,
  staging: Staging,
  received: Received,
  options: AddOptions,
  local: LocalFile | undefined,
): Promise<{ virtualBytes: number; diskDigest: string }> {
  const { onProgress, signal } = options;
  const disk = keptPath(staging, "raw");
  const work = { cpus: ctx.host.cpus, signal };
  let virtualBytes = wholeSectors(received.bytes);
  if (received.format === "raw") {
    await Deno.truncate(disk, virtualBytes);
  } else {
    virtualBytes = await convertQcow2(local?.path ?? keptPath(staging, "qcow2"), disk, {
      ...work,
      onProgress: (doneBytes, totalBytes) =>
        onProgress?.({ phase: "convert", doneBytes, totalBytes }),
    });
  }
  const digest = await diskDigest(disk, {
    ...work,
    onProgress: (doneBytes) => onProgress?.({ phase: "seal", doneBytes, totalBytes: virtualBytes }),
  });
  return { virtualBytes, diskDigest: digest };
}
