import { CocoonError } from "../../errors/error.ts";

/** The error for an answer that is no success. */
export function statusError(status: number): CocoonError {
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
  const hint = status >= 500 || status === 429
    ? "The server has a problem. Try again later."
    : "Check the address.";
  return new CocoonError("failed", `the server answered HTTP ${status} instead of the file`, {
    hint,
  });
}

/** Reasons in the runtime's messages, and how we put them. */
const REASONS: readonly [RegExp, (host: string) => string, string][] = [
  [
    /dns error|lookup address/i,
    (host) => `the name ${host} is unknown`,
    "Check the address and the network.",
  ],
  [
    /connection refused/i,
    (host) => `${host} refuses connections`,
    "Check the address and its port.",
  ],
  [
    /certificate|UnknownIssuer|InvalidContentType|handshake/i,
    (host) => `${host} has no TLS connection that can be trusted`,
    "Check the address. For a certificate of your own: set DENO_CERT to its authority's file.",
  ],
  [
    /unreachable|network is down/i,
    (host) => `${host} cannot be reached`,
    "Check the network. A proxy is taken from https_proxy.",
  ],
];

/** The error for a request that got no answer. */
export function networkError(error: unknown, url: URL): CocoonError {
  const text = causes(error).join(": ");
  for (const [pattern, message, hint] of REASONS) {
    if (pattern.test(text)) {
      return new CocoonError("failed", message(url.host), { hint, cause: error });
    }
  }
  return new CocoonError("failed", `no answer from ${url.host}`, {
    cause: error,
    hint: "Check the address and the network, or try again later.",
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
