import { CocoonError, type CocoonErrorOptions } from "../../errors/error.ts";

/** A failure of the network or of a server that may be gone when the same is tried again. */
export class TransientError extends CocoonError {
  /** Milliseconds that the server asks to wait for. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: CocoonErrorOptions & { retryAfterMs?: number } = {}) {
    super("failed", message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Request timeout, too many requests, and the errors of servers and gateways that pass. */
const TRANSIENT_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504];

/** The error for an answer that is no success. */
export function statusError(status: number, headers = new Headers()): CocoonError {
  if (status === 404 || status === 410) {
    return new CocoonError("not-found", `the server has no such file (HTTP ${status})`, {
      hint: "Check the address; distributions remove old images.",
    });
  }
  if (status === 401 || status === 403) {
    return new CocoonError("failed", `the server refuses the download (HTTP ${status})`, {
      hint: "If it needs a login: https://USER:PASSWORD@HOST/...",
    });
  }
  const message = `the server answered HTTP ${status} instead of the file`;
  if (!TRANSIENT_STATUSES.includes(status)) {
    return new CocoonError("failed", message, { hint: "Check the address." });
  }
  const retryAfterMs = retryAfter(headers.get("retry-after"), Date.now());
  return new TransientError(message, {
    hint: "The server has a problem. Try again later.",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Milliseconds of a `Retry-After`: seconds or a date (RFC 9110 section 10.2.3). */
export function retryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

const noTls = (host: string) => `${host} has no TLS connection that can be trusted`;

/** Reasons in the runtime's messages, how we put them, and whether they may pass by themselves. */
const REASONS: readonly [RegExp, (host: string) => string, string, "passes" | "stays"][] = [
  [
    /dns error|lookup address/i,
    (host) => `the name ${host} is unknown`,
    "Check the address and the network.",
    "stays",
  ],
  [
    /connection refused/i,
    (host) => `${host} refuses connections`,
    "Check the address and its port.",
    "passes",
  ],
  [
    /certificate|UnknownIssuer|InvalidContentType|handshake/i,
    noTls,
    "Check the address. For a certificate of your own: set DENO_CERT to its authority's file.",
    "stays",
  ],
  [
    /unreachable|network is down/i,
    (host) => `${host} cannot be reached`,
    "Check the network. A proxy is taken from https_proxy.",
    "passes",
  ],
];

/**
 * The error for a request that got no answer.
 * @param withoutTls what the user can do if the server is meant to have no TLS
 */
export function networkError(error: unknown, url: URL, withoutTls?: string): CocoonError {
  const text = causes(error).join(": ");
  const more = withoutTls === undefined || url.protocol !== "https:" ? "" : ` ${withoutTls}`;
  for (const [pattern, message, hint, lasting] of REASONS) {
    if (!pattern.test(text)) continue;
    const options = { hint: message === noTls ? hint + more : hint, cause: error };
    return lasting === "stays"
      ? new CocoonError("failed", message(url.host), options)
      : new TransientError(message(url.host), options);
  }
  return new TransientError(`no answer from ${url.host}`, {
    cause: error,
    // Some servers without TLS just hang up.
    hint: `Check the address and the network, or try again later.${more}`,
  });
}

function causes(error: unknown): string[] {
  const texts: string[] = [];
  // Bounded: a chain of causes may be a ring.
  for (let at = error, i = 0; at instanceof Error && i < 8; at = at.cause, i++) {
    texts.push(at.message);
  }
  return texts;
}
