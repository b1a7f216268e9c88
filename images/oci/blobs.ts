import type { ImageContext, ProgressCallback } from "../context.ts";
import { CocoonError } from "../../errors/error.ts";
import { explainFullDisk } from "../disk/space.ts";
import { checkedDownload } from "../downloads/checked.ts";
import type { CheckHead } from "../downloads/follower.ts";
import { keepOrRemove } from "../downloads/keep.ts";
import type { DownloadLimits } from "../downloads/limits.ts";
import { PartialDownload } from "../downloads/partial.ts";
import type { RemoteFile } from "../downloads/remote_file.ts";
import { shortDigest } from "./client/blob.ts";
import { MAX_RETRY_AFTER_MS, type RegistryLimits } from "./client/limits.ts";
import type { Descriptor } from "./client/manifest.ts";

/** Places of blobs in `images/partial`, which this command alone is at. */
export interface BlobPlaces {
  /** By digest. */
  places: ReadonlyMap<string, PartialDownload>;
  /** Whether another command was at one of them first: the image may be stored now. */
  waited: boolean;
}

/**
 * Takes the places of blobs and runs `body`; no lock of the store or of a machine is held over it.
 * A command that wants one of them meanwhile, from whatever registry, waits. Afterwards the blobs
 * are gone; after a failure that the next command may do without, what was fetched of them stays.
 */
export async function withBlobs<T>(
  ctx: Pick<ImageContext, "home">,
  blobs: readonly Descriptor[],
  { signal, onProgress }: {
    signal?: AbortSignal | undefined;
    onProgress?: ProgressCallback | undefined;
  },
  body: (blobs: BlobPlaces) => Promise<T>,
): Promise<T> {
  using taken = new DisposableStack();
  const places = new Map<string, PartialDownload>();
  let waited = false;
  const each = async (work: (place: PartialDownload) => Promise<void>) => {
    for (const place of places.values()) await work(place);
  };
  try {
    // In one order everywhere: two images may share several layers, and one command would hold the
    // layer that the other one waits for.
    for (const digest of [...new Set(blobs.map((blob) => blob.digest))].sort()) {
      const place = await PartialDownload.open(ctx.home, digest, {
        signal,
        onWait: (doneBytes, totalBytes) =>
          onProgress?.({
            phase: "wait",
            doneBytes,
            ...(totalBytes === undefined ? {} : { totalBytes }),
          }),
      });
      places.set(digest, taken.use(place));
      waited ||= place.waited;
    }
    const result = await body({ places, waited });
    await each((place) => place.remove());
    return result;
  } catch (error) {
    const explained = explainFullDisk(error, ctx.home.imagesDir);
    await each((place) => keepOrRemove(place, explained, signal?.aborted === true));
    throw explained;
  }
}

/** Options of {@linkcode fetchBlob}. */
export interface FetchBlobOptions {
  limits: DownloadLimits;
  /** Called with the first bytes as soon as they are there; what it throws ends the download. */
  checkHead?: CheckHead;
  onBytes?: ((doneBytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Brings a blob to its place, whole; what is there of it already is not fetched again.
 * @throws {CocoonError} `failed` when it is not what its digest says, or nothing comes any more
 */
export async function fetchBlob(
  file: RemoteFile,
  { digest }: Descriptor,
  place: PartialDownload,
  { limits, checkHead = () => {}, onBytes, signal }: FetchBlobOptions,
): Promise<void> {
  const [algorithm, hex = ""] = digest.split(":");
  const expected = algorithm === "sha512" ? { sha512: hex } : { sha256: hex };
  await checkedDownload(file, place, { limits, expected, checkHead, onBytes, signal }, (done) => {
    const actual = algorithm === "sha512" ? done.digests.sha512 : done.digests.sha256;
    if (actual === hex) return;
    throw new CocoonError(
      "failed",
      `blob ${shortDigest(digest)}: checksum mismatch (expected ${digest}, got ` +
        `${algorithm}:${actual}). What was received was discarded`,
      { hint: "Try again. If it stays so, the registry or a proxy before it is damaged." },
    );
  });
}

/** Limits of downloads that do as a registry's client does. */
export function downloadLimits(
  { attempts, firstDelayMs }: RegistryLimits,
  http: DownloadLimits | undefined,
): DownloadLimits {
  return { attempts, retryDelayMs: firstDelayMs, maxRetryAfterMs: MAX_RETRY_AFTER_MS, ...http };
}
