import type { SourceDigests } from "../digests.ts";
import { SparseFile } from "../disk/sparse_file.ts";
import type { HttpDownload } from "../sources/http.ts";
import { isEncoded } from "../sources/http_body.ts";
import { TransientError } from "../sources/http_errors.ts";
import { tooLarge } from "../too_large.ts";
import type { CheckHead } from "./follower.ts";
import type { JournalEntry } from "./journal.ts";
import { type DownloadLimits, pieceBytesFor, withDefaults } from "./limits.ts";
import type { PartialDownload } from "./partial.ts";
import { PieceMap } from "./pieces.ts";
import { openRange } from "./range_request.ts";
import type { RemoteFile } from "./remote_file.ts";
import { restore } from "./restore.ts";
import { Retry } from "./retry.ts";
import { StartAnew } from "./start_anew.ts";
import { Transfer, type TransferOptions } from "./transfer.ts";
import { takeUnsized } from "./unsized.ts";
import { ifRange, saidValidators, strongValidators, type Validators } from "./validators.ts";

/** Options of {@linkcode download}. */
export interface DownloadOptions {
  limits?: DownloadLimits | undefined;
  /** False: one connection, and nothing of an earlier download. @default {true} */
  useRanges?: boolean;
  /** Digests that will be compared; SHA-256 is computed always. */
  expected: Partial<SourceDigests>;
  /** Called with the first bytes as soon as they are there; what it throws ends the download. */
  checkHead: CheckHead;
  onBytes?: ((doneBytes: number, totalBytes: number | undefined) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A whole file at `PartialDownload.dataPath`. */
export interface Downloaded {
  bytes: number;
  /** Of the file as it is on the disk. */
  digests: SourceDigests;
  /** Whether it was put together from several answers, by which a server can do it wrong. */
  fromParts: boolean;
  /** What the server said of the version. */
  validators: Validators;
}

/**
 * Downloads a file. What an earlier command has fetched of the same version is taken up; a
 * connection that breaks is opened again where it ended; a slow server that has ranges is asked for
 * several at once. After a failure `partial` holds what can be taken up later.
 *
 * @throws {CocoonError} `not-found`, or `failed` with the reason; a `TransientError` where trying
 * again later may help; what `checkHead` throws
 */
export async function download(
  file: RemoteFile,
  partial: PartialDownload,
  options: DownloadOptions,
): Promise<Downloaded> {
  const limits = withDefaults(options.limits ?? {});
  const signal = options.signal ?? new AbortController().signal;
  const { expected, checkHead, onBytes = () => {} } = options;
  const work: TransferOptions = { file, limits, signal, expected, checkHead, onBytes };
  const retry = new Retry(limits, signal);
  let useRanges = options.useRanges ?? true;
  while (true) {
    try {
      return await downloadOnce(partial, useRanges, work);
    } catch (error) {
      if (!(error instanceof StartAnew)) throw error;
      await partial.clear();
      useRanges &&= error.useRanges;
      await retry.pause(
        new TransientError(error.failure.message, {
          hint: error.failure.hint ?? "Try again later.",
        }),
      );
    }
  }
}

async function downloadOnce(
  partial: PartialDownload,
  useRanges: boolean,
  work: TransferOptions,
): Promise<Downloaded> {
  const known = useRanges ? await restore(partial, work.file, work.signal) : undefined;
  if (known === undefined) {
    await partial.clear();
    return await fetchAll(partial, useRanges, work);
  }
  const { map } = known;
  if (map.isComplete && !work.file.isFixed) await checkUnchanged(known, work);
  await using transfer = await Transfer.open(partial, known, "at once", work);
  const digests = await transfer.run();
  return { bytes: map.totalBytes, digests, fromParts: true, validators: known.validators };
}

/** Asks for the last byte of a file that is here whole already. @throws {StartAnew} */
async function checkUnchanged(known: JournalEntry, work: TransferOptions): Promise<void> {
  const { validators, map: { totalBytes } } = known;
  if (totalBytes === 0) return;
  await retried(work, async () => {
    const part = { validators, totalBytes, start: totalBytes - 1, end: totalBytes };
    await using _ = await openRange({ ...work, ...part });
  });
}

async function fetchAll(
  partial: PartialDownload,
  useRanges: boolean,
  work: TransferOptions,
): Promise<Downloaded> {
  const { file: remote, limits, signal } = work;
  await using open = await retried(work, () => remote.open(signal));
  const { totalBytes, headers } = open;
  const validators = saidValidators(headers);
  if (totalBytes === undefined) {
    return { ...await takeUnsized(open, partial, work), fromParts: false, validators };
  }
  if (totalBytes > limits.maxBytes) throw tooLarge(limits.maxBytes);
  const map = new PieceMap(totalBytes, pieceBytesFor(totalBytes, limits.pieceBytes));
  using file = SparseFile.create(partial.dataPath);
  file.truncate(totalBytes);
  const entry = { source: remote.source, validators: strongValidators(headers), map };
  const ranges = useRanges ? rangesOf(open, entry, remote) : "none";
  await using transfer = await Transfer.open(partial, entry, ranges, work);
  const digests = await transfer.run(open);
  return { bytes: totalBytes, digests, fromParts: transfer.usedParts, validators };
}

/**
 * Whether parts of the file can be had: it needs a way to tell that they are of the same version.
 * A server that does not say that it has ranges is asked for one only when there is no other way.
 */
function rangesOf(
  { headers }: HttpDownload,
  entry: JournalEntry,
  { isFixed }: RemoteFile,
): "one by one" | "at once" | "none" {
  const said = headers.get("accept-ranges")?.toLowerCase();
  const canTell = isFixed || ifRange(entry.validators) !== undefined;
  if (!canTell || isEncoded(headers) || said === "none") return "none";
  return said === "bytes" ? "at once" : "one by one";
}

async function retried<T>(work: TransferOptions, body: () => Promise<T>): Promise<T> {
  const retry = new Retry(work.limits, work.signal);
  while (true) {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      await retry.pause(error);
    }
  }
}
