/** Options of {@linkcode waitFor}. */
export interface WaitOptions {
  /** Milliseconds until the wait fails. @default {30000} */
  timeoutMs?: number;
  /** Milliseconds between two looks. @default {50} */
  intervalMs?: number;
}

/**
 * Asks `look` until it answers something other than `undefined`, `null` or `false`, and returns
 * that. A look that throws counts as "not yet".
 *
 * @param what the thing waited for, for the error: `waitFor("the console's prompt", ...)`
 * @throws {Error} at the deadline, with what the last look gave
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 30_000, intervalMs = 50 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== null && seen !== false) return seen;
      last = `last look: ${seen}`;
    } catch (error) {
      last = `last look failed: ${error instanceof Error ? error.message : error}`;
    }
    if (performance.now() >= deadline) {
      throw new Error(`${what}: did not come within ${timeoutMs} ms; ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
