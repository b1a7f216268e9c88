import { contentLength, readBody } from "./http_body.ts";
import { statusError } from "./http_errors.ts";
import { request } from "./http_request.ts";

/** Limits of a request; all of them are there so that no server can hold a command for ever. */
export interface HttpLimits {
  /** Milliseconds for the connection and the response's headers. @default {30000} */
  responseTimeoutMs?: number;
  /** Milliseconds without a single byte. @default {60000} */
  idleTimeoutMs?: number;
}

/** An answer whose headers have come; its disposal ends the connection. */
export interface HttpDownload extends AsyncDisposable {
  status: number;
  headers: Headers;
  /** Of this body. Absent when the server does not say, or sends it compressed. */
  totalBytes: number | undefined;
  /** The body; throws a `TransientError` when it breaks off, stalls or is not as long as was said. */
  chunks: AsyncGenerator<Uint8Array>;
}

/** Options of {@linkcode openHttp}. */
export interface OpenOptions {
  /** Further request headers, sent to every host on the way. */
  headers?: Record<string, string>;
  /** Answers that are no error. @default {[200]} */
  statuses?: readonly number[];
}

const RESPONSE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Sends a request for a file, once. Redirects, proxies and passwords: see `request`.
 *
 * @throws {CocoonError} `not-found` for 404 and 410, `failed` otherwise, with the reason; a
 * `TransientError` where trying again may help
 */
export async function openHttp(
  url: URL,
  limits: HttpLimits = {},
  signal?: AbortSignal,
  { headers = {}, statuses = [200] }: OpenOptions = {},
): Promise<HttpDownload> {
  signal?.throwIfAborted();
  const abort = new AbortController();
  const forward = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const done = () => signal?.removeEventListener("abort", forward);
  try {
    const timeoutMs = limits.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS;
    const response = await request(url, { headers, timeoutMs, abort });
    if (!statuses.includes(response.status)) {
      await response.body?.cancel();
      throw statusError(response.status, response.headers);
    }
    const totalBytes = contentLength(response.headers);
    const idleTimeoutMs = limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    return {
      status: response.status,
      headers: response.headers,
      totalBytes,
      chunks: readBody(response, { totalBytes, idleTimeoutMs, abort }),
      [Symbol.asyncDispose]() {
        done();
        abort.abort();
        return Promise.resolve();
      },
    };
  } catch (error) {
    done();
    throw error;
  }
}
