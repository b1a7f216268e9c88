/** Deadlines and bounds of a registry's client, so that none can hold or fill this computer. */
export interface RegistryLimits {
  /** Milliseconds for a connection and the response's headers. */
  responseTimeoutMs: number;
  /** Milliseconds without a single byte of a body. */
  idleTimeoutMs: number;
  /** Times that a request is tried in all. */
  attempts: number;
  /** Milliseconds before the second try; doubled for each further one. */
  firstDelayMs: number;
}

export const DEFAULT_LIMITS: RegistryLimits = {
  responseTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  attempts: 5,
  firstDelayMs: 500,
};

/** The distribution specification asks registries to take manifests of at least 4 MiB. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Answers of token servers and errors; real ones have a few kilobytes. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
/** No tool makes more layers than 127; an index has an entry for each platform. */
export const MAX_DESCRIPTORS = 1000;
/** Longest wait that a server's `Retry-After` is obeyed for, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 30_000;
