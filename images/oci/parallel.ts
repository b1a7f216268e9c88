/**
 * Runs `work` on all items, at most `limit` at once. The first failure ends the others (their
 * signal is aborted), and is thrown when they have ended.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal]);
  const results: R[] = new Array(items.length);
  const queue = items.entries();
  let first: { error: unknown } | undefined;
  const worker = async () => {
    // One iterator is shared: each entry goes to one worker.
    for (const [index, item] of queue) {
      try {
        either.throwIfAborted();
        results[index] = await work(item, either);
      } catch (error) {
        first ??= { error };
        failed.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (first !== undefined) throw signal?.aborted ? signal.reason : first.error;
  return results;
}
