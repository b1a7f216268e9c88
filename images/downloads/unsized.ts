import type { SourceDigests } from "../digests.ts";
import { SparseFile, SparseStream } from "../disk/sparse_file.ts";
import type { HttpDownload } from "../sources/http.ts";
import { TransientError } from "../sources/http_errors.ts";
import { tooLarge } from "../too_large.ts";
import { Follower } from "./follower.ts";
import type { PartialDownload } from "./partial.ts";
import { StartAnew } from "./start_anew.ts";
import type { TransferOptions } from "./transfer.ts";

/**
 * Reads an answer to its end whose length nobody says. It can be taken up nowhere.
 * @throws {StartAnew} when it breaks off
 */
export async function takeUnsized(
  open: HttpDownload,
  partial: PartialDownload,
  options: TransferOptions,
): Promise<{ bytes: number; digests: SourceDigests }> {
  using stack = new DisposableStack();
  const target = new SparseStream(
    stack.use(SparseFile.create(partial.dataPath, partial.room)),
  );
  const { expected, checkHead, signal, limits } = options;
  const check = (head: Uint8Array) => checkHead(head, undefined);
  const follower = stack.use(await Follower.open(partial.dataPath, expected, check));
  try {
    for await (const chunk of open.chunks) {
      if (target.length + chunk.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
      target.write(chunk);
      follower.advance(target.flushedBytes);
      await follower.checkHead();
      options.onBytes(target.length, undefined);
    }
  } catch (error) {
    throw error instanceof TransientError ? new StartAnew(error, false) : error;
  }
  target.end();
  await follower.catchUp(target.length, signal);
  return { bytes: target.length, digests: await follower.finish() };
}
