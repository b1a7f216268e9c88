/** Waits for `work`, which `abort` can end; at the deadline that is done with `late`. */
export async function within<T>(
  timeoutMs: number,
  abort: AbortController,
  late: Error,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => abort.abort(late), timeoutMs);
  try {
    return await work();
  } catch (error) {
    // Whatever the abort made of the request, why it was aborted is the news.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, unless it is interrupted. @throws the signal's reason */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const over = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", over);
      resolve();
    }, ms);
    signal.addEventListener("abort", over, { once: true });
  });
}
