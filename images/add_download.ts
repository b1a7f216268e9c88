import type { AddOptions } from "./add.ts";
import { type AddedImage, IMAGE_FOLDER } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import { checkDigests, normalizeExpected } from "./digests.ts";
import { explainFullDisk, requireSpace } from "./disk/space.ts";
import { checkedDownload } from "./downloads/checked.ts";
import type { DownloadOptions } from "./downloads/download.ts";
import { keepOrRemove } from "./downloads/keep.ts";
import type { DownloadLimits } from "./downloads/limits.ts";
import { PartialDownload } from "./downloads/partial.ts";
import { urlFile } from "./downloads/remote_file.ts";
import { vouchedFacts } from "./facts.ts";
import { detectFormat, type SourceFormat } from "./formats/detect.ts";
import { checkReadable } from "./formats/programs.ts";
import { SECTOR_BYTES } from "./limits.ts";
import { publicUrl } from "./reference.ts";
import { Staging } from "./staging.ts";
import { storeSource } from "./store_source.ts";

/** Options of {@linkcode addFromUrl}. */
export interface AddUrlOptions extends AddOptions {
  http?: DownloadLimits | undefined;
  /** Looks for the image once more after another command has been at the same URL. */
  findStored: () => Promise<AddedImage | undefined>;
}

/**
 * Downloads an image and stores it. Two commands at one URL share one download: the second waits,
 * and then finds the image stored or goes on where the first ended. What was downloaded stays for
 * the next one when the network failed, the command was ended, or this computer lacks a program or
 * room; a file that is refused does not.
 */
export async function addFromUrl(
  ctx: ImageContext,
  url: URL,
  options: AddUrlOptions,
): Promise<AddedImage> {
  const { onProgress, signal } = options;
  using partial = await PartialDownload.open(ctx.home, publicUrl(url), {
    signal,
    onWait: (doneBytes, totalBytes) =>
      onProgress?.({
        phase: "wait",
        doneBytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
      }),
  });
  try {
    const known = partial.waited ? await options.findStored() : undefined;
    const added = known ?? await fetchAndStore(ctx, url, partial, options);
    await partial.remove();
    return added;
  } catch (error) {
    const explained = explainFullDisk(error, ctx.home.imagesDir);
    await keepOrRemove(partial, explained, signal?.aborted === true);
    throw explained;
  }
}

async function fetchAndStore(
  ctx: ImageContext,
  url: URL,
  partial: PartialDownload,
  options: AddUrlOptions,
): Promise<AddedImage> {
  const { onProgress, signal } = options;
  const expected = normalizeExpected(options);
  let format: SourceFormat = "raw";
  const work: DownloadOptions = {
    limits: options.http,
    expected,
    signal,
    checkHead(head, totalBytes = 0) {
      format = detectFormat(head);
      checkReadable(ctx.host, format);
      // A raw image may be mostly zeros, so its length says nothing; its room is watched.
      if (format === "raw") return;
      const hereBytes = (Deno.statSync(partial.dataPath).blocks ?? 0) * SECTOR_BYTES;
      requireSpace(partial.directory, Math.max(0, totalBytes - hereBytes));
    },
    onBytes: (doneBytes, totalBytes) =>
      onProgress?.({
        phase: "download",
        doneBytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
      }),
  };
  const { digests, validators, given } = await checkedDownload(
    urlFile(url, options.http),
    partial,
    work,
    (done) => ({
      ...done,
      given: checkDigests(expected, done.digests, undefined, options.voucher?.checksum),
    }),
  );
  const facts = { ...vouchedFacts(options, digests.sha512), validators };
  await using staging = await Staging.open(ctx.home, signal);
  Deno.mkdirSync(staging.path(IMAGE_FOLDER));
  const source = publicUrl(url);
  return await storeSource(ctx, staging, {
    path: partial.dataPath,
    isOurs: true,
    format,
    digest: `sha256:${digests.sha256}`,
    verified: facts.verified ?? given,
    facts,
    source,
  }, options);
}
