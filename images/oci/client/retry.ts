import { retryAfter } from "../../sources/http_errors.ts";
import { MAX_RETRY_AFTER_MS, type RegistryLimits } from "./limits.ts";

/** Statuses after which the same request may succeed a little later. */
const TRANSIENT_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504];

/** Whether an answer is worth another try. */
export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUSES.includes(status);
}

/**
 * Milliseconds before try number `attempt` (from 2 on): doubled each time, up to half of it more
 * by chance so that parallel transfers do not come back at once; at least what the server asks for.
 */
export function retryDelayMs(
  attempt: number,
  limits: RegistryLimits,
  retryAfterHeader: string | null = null,
): number {
  const delay = limits.firstDelayMs * 2 ** (attempt - 2) * (1 + Math.random() / 2);
  const asked = retryAfter(retryAfterHeader, Date.now()) ?? 0;
  return Math.max(delay, Math.min(asked, MAX_RETRY_AFTER_MS));
}
