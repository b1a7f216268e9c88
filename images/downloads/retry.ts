import { CocoonError } from "../../errors/error.ts";
import { pause } from "../sources/deadline.ts";
import type { TransientError } from "../sources/http_errors.ts";
import type { DownloadLimits } from "./limits.ts";

/** Milliseconds that a pause between two tries grows to. */
const MAX_DELAY_MS = 30_000;

/**
 * Pauses between tries: each twice as long as the one before, give or take a quarter, so that many
 * clients of a server that comes back do not come back at once.
 */
export class Retry {
  readonly #limits: Required<DownloadLimits>;
  readonly #signal: AbortSignal;
  #failures = 0;

  constructor(limits: Required<DownloadLimits>, signal: AbortSignal) {
    this.#limits = limits;
    this.#signal = signal;
  }

  /** There was progress: counts from the beginning again. */
  reset(): void {
    this.#failures = 0;
  }

  /** Waits for the next try. @throws what failed, when there is none */
  async pause(failure: TransientError): Promise<void> {
    const { attempts, retryDelayMs, maxRetryAfterMs } = this.#limits;
    this.#failures++;
    const { retryAfterMs = 0 } = failure;
    if (this.#failures >= attempts) throw failure;
    if (retryAfterMs > maxRetryAfterMs) {
      const seconds = Math.ceil(retryAfterMs / 1000);
      throw new CocoonError("failed", failure.message, {
        cause: failure,
        hint: `The server asks to be left alone for ${seconds} s. Try again after that.`,
      });
    }
    const delayMs = Math.min(retryDelayMs * 2 ** (this.#failures - 1), MAX_DELAY_MS);
    await pause(Math.max(delayMs * (0.75 + Math.random() / 2), retryAfterMs), this.#signal);
  }
}
