import { QmpError } from "./errors.ts";

/** A limit on waiting. */
export interface Wait {
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * The promise's result, unless the deadline passes or the signal is aborted first. The promise is
 * not stopped by that; its late result, or error, is dropped.
 * @param late makes the error of a passed deadline from the reason's words
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  wait: Wait,
  late: (why: string) => QmpError,
): Promise<T> {
  const { promise: stop, reject } = Promise.withResolvers<never>();
  const interrupt = () =>
    reject(new QmpError("interrupted", "Wait was interrupted", { cause: wait.signal?.reason }));
  const timer = setTimeout(
    () => reject(late(`deadline of ${Math.round(wait.timeoutMs)} ms passed`)),
    wait.timeoutMs,
  );
  wait.signal?.addEventListener("abort", interrupt, { once: true });
  if (wait.signal?.aborted) interrupt();
  // Both are watched, so that the loser's rejection is never an unhandled one.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, stop]);
  } finally {
    clearTimeout(timer);
    wait.signal?.removeEventListener("abort", interrupt);
  }
}
