import type { SourceDigests } from "../digests.ts";
import { requireSpace } from "../disk/space.ts";
import { SparseFile, SparseStream } from "../disk/sparse_file.ts";
import type { HttpDownload } from "../sources/http.ts";
import { TransientError } from "../sources/http_errors.ts";
import { tooLarge } from "../too_large.ts";
import { Follower } from "./follower.ts";
import type { PartialDownload } from "./partial.ts";
import { StartAnew } from "./start_anew.ts";
import type { TransferOptions } from "./transfer.ts";

/** Bytes between two looks at how much room is left. */
const SPACE_STEP_BYTES = 64 * 1024 * 1024;

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
  const target = new SparseStream(stack.use(SparseFile.create(partial.dataPath)));
  const { expected, checkHead, signal, limits } = options;
  const check = (head: Uint8Array) => checkHead(head, undefined);
  const follower = stack.use(await Follower.open(partial.dataPath, expected, check));
  let checkSpaceAt = 0;
  try {
    for await (const chunk of open.chunks) {
      if (target.length + chunk.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
      if (target.length >= checkSpaceAt) {
        // Twice: the look comes before what follows it.
        await requireSpace(partial.directory, 2 * SPACE_STEP_BYTES);
        checkSpaceAt = target.length + SPACE_STEP_BYTES;
      }
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
