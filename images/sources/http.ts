import { CocoonError } from "../../errors/error.ts";
import { networkError, statusError } from "./http_errors.ts";

/** Limits of a download; all of them are there so that no server can hold a command for ever. */
export interface HttpLimits {
  /** Milliseconds for the connection and the response's headers. @default {30000} */
  responseTimeoutMs?: number;
  /** Milliseconds without a single byte. @default {60000} */
  idleTimeoutMs?: number;
}

/** A download that has begun; its disposal ends the connection. */
export interface HttpDownload extends AsyncDisposable {
  /** Absent when the server does not say, or sends it compressed. */
  totalBytes: number | undefined;
  /**
   * The body. Throws a `CocoonError` (`failed`) when it breaks off, stalls or is not as long as was
   * said.
   */
  chunks: AsyncGenerator<Uint8Array>;
}

const MAX_REDIRECTS = 10;
const RESPONSE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Starts a download. Proxies are taken from the environment (`http_proxy`, `https_proxy`,
 * `no_proxy`); a user and password in the URL are sent to that host and to no other.
 *
 * @throws {CocoonError} `not-found` for 404 and 410, `failed` otherwise, with the reason
 */
export async function openHttp(
  url: URL,
  limits: HttpLimits = {},
  signal?: AbortSignal,
): Promise<HttpDownload> {
  signal?.throwIfAborted();
  const abort = new AbortController();
  const forward = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const done = () => signal?.removeEventListener("abort", forward);
  try {
    const response = await request(url, limits.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS, abort);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw statusError(response.status);
    }
    const totalBytes = contentLength(response.headers);
    const idleTimeoutMs = limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    return {
      totalBytes,
      chunks: body(response, totalBytes, idleTimeoutMs, abort),
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

async function request(start: URL, timeoutMs: number, abort: AbortController): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { target, headers } = split(url, start);
    const late = new CocoonError("failed", `${url.host} did not answer within ${timeoutMs} ms`, {
      hint: "Try again later. Is a proxy needed? It is taken from https_proxy.",
    });
    const response = await within(
      timeoutMs,
      abort,
      late,
      () =>
        fetch(target, { headers, redirect: "manual", signal: abort.signal })
          .catch((error) => Promise.reject(networkError(error, url))),
    );
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    url = nextHop(url, location);
  }
  throw new CocoonError("failed", `more than ${MAX_REDIRECTS} redirects, the last to ${url.host}`);
}

/** The URL as it is requested, and the headers; a password goes into a header, not into the URL. */
function split(url: URL, start: URL): { target: URL; headers: Headers } {
  const target = new URL(url);
  target.username = target.password = target.hash = "";
  // Not compressed on the way: digests are of the file itself, and ranges and lengths count it.
  const headers = new Headers({ "accept-encoding": "identity", "user-agent": "cocoon" });
  if (start.username !== "" && url.origin === start.origin) {
    const user = `${decodeURIComponent(start.username)}:${decodeURIComponent(start.password)}`;
    headers.set("authorization", `Basic ${new TextEncoder().encode(user).toBase64()}`);
  }
  return { target, headers };
}

function nextHop(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !["http:", "https:"].includes(to.protocol)) {
    throw new CocoonError("failed", `${from.host} redirects to ${JSON.stringify(location)}`);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new CocoonError("failed", `${from.host} redirects from https to http (${to.host})`, {
      hint: "Give the http address itself together with --sha256, if you trust that digest.",
    });
  }
  to.username = to.password = "";
  return to;
}

function contentLength(headers: Headers): number | undefined {
  // A server that compresses although it was asked not to counts the compressed bytes.
  if ((headers.get("content-encoding") ?? "identity") !== "identity") return undefined;
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function* body(
  response: Response,
  totalBytes: number | undefined,
  idleTimeoutMs: number,
  abort: AbortController,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  let received = 0;
  const of = () =>
    totalBytes === undefined ? `${received} bytes` : `${received} of ${totalBytes} bytes`;
  const broken = (cause?: unknown) =>
    new CocoonError("failed", `the download broke off after ${of()}`, {
      cause,
      hint: "Try again; nothing of it was kept.",
    });
  try {
    while (reader !== undefined) {
      const late = new CocoonError(
        "failed",
        `the download stalled after ${of()}: ` +
          `nothing came for ${idleTimeoutMs} ms`,
        { hint: "Try again; nothing of it was kept." },
      );
      const { done: ended, value } = await within(
        idleTimeoutMs,
        abort,
        late,
        () => reader.read().catch((error) => Promise.reject(broken(error))),
      );
      if (ended) break;
      received += value.length;
      yield value;
    }
    if (totalBytes !== undefined && received !== totalBytes) throw broken();
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

/** Waits for `work`, which `abort` can end; at the deadline that is done with `late`. */
async function within<T>(
  timeoutMs: number,
  abort: AbortController,
  late: CocoonError,
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
