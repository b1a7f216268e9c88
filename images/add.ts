import { type AddedImage, IMAGE_FOLDER } from "./commit.ts";
import type { ImageContext, ProgressCallback } from "./context.ts";
import {
  checkDigests,
  type ExpectedDigests,
  normalizeExpected,
  type SourceDigests,
} from "./digests.ts";
import { explainFullDisk, requireSpace, Room } from "./disk/space.ts";
import { SparseFile, SparseStream } from "./disk/sparse_file.ts";
import { type Origin, vouchedFacts } from "./facts.ts";
import { isStoredAsIs, type SourceFormat } from "./formats/detect.ts";
import { stagedDisk } from "./make_disk.ts";
import type { ImageRecord } from "../state/images.ts";
import { receive, type Received } from "./receive.ts";
import { Staging } from "./staging.ts";
import { storeSource } from "./store_source.ts";

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
  /** Length of what it was packed into, if the chunks are out of that already. */
  packedBytes?: number | undefined;
  /**
   * Who the image is, where its source has told and checked it (a registry's manifest); else the
   * digest of what was read.
   */
  identity?: Pick<ImageRecord, "digest" | "verified">;
}

/** A local file that holds still: unless it is stored as it is, it is read again where it is. */
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
  const expected = normalizeExpected(options);
  await using staging = await Staging.open(ctx.home, options.signal);
  try {
    const { format, digests } = await keep(staging, stream, expected, options, local);
    const given = checkDigests(expected, digests, local && "Nothing was stored");
    const facts = vouchedFacts(options, digests.sha512);
    await local?.checkUnchanged();
    const isOurs = local === undefined || isStoredAsIs(format);
    return await storeSource(ctx, staging, {
      path: isOurs ? keptPath(staging, format) : local.path,
      isOurs,
      format,
      packedBytes: stream.packedBytes,
      digest: stream.identity?.digest ?? `sha256:${digests.sha256}`,
      verified: stream.identity?.verified ?? facts.verified ?? given,
      facts,
      source: stream.source,
      checkUnchanged: local?.checkUnchanged,
    }, options);
  } catch (error) {
    throw explainFullDisk(error, ctx.home.imagesDir);
  }
}

/** Where what is received goes: what is stored as it is, is its own disk. */
function keptPath(staging: Staging, format: SourceFormat): string {
  return isStoredAsIs(format) ? stagedDisk(staging) : staging.path("source");
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
  const room = new Room(staging.directory);
  return await receive(stream.chunks, {
    expected,
    target(format) {
      if (!isStoredAsIs(format)) {
        if (local !== undefined) return undefined;
        requireSpace(staging.directory, stream.totalBytes ?? 0);
      }
      // A raw image may be mostly holes or zeros, so its length and its blocks say nothing.
      return new SparseStream(files.use(SparseFile.create(keptPath(staging, format), room)));
    },
    onBytes: (doneBytes) => onProgress?.({ phase: stream.phase, doneBytes, ...total }),
    signal,
  });
}
