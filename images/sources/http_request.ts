import { CocoonError } from "../../errors/error.ts";
import { within } from "./deadline.ts";
import { networkError, TransientError } from "./http_errors.ts";

const MAX_REDIRECTS = 10;

/** Options of {@linkcode request}. */
export interface RequestOptions {
  /** Sent to every host on the way, so nothing secret. */
  headers?: Record<string, string>;
  /** Milliseconds for the connection and the response's headers, of each redirect. */
  timeoutMs: number;
  /** Ends the request and the body; aborted when the request is late. */
  abort: AbortController;
}

/**
 * Sends a GET and follows redirects. Proxies are taken from the environment (`http_proxy`,
 * `https_proxy`, `no_proxy`); a user and password in the URL are sent to that host and to no other.
 *
 * @returns the answer, whatever its status is
 * @throws {CocoonError} without an answer; `TransientError` where trying again may help
 */
export async function request(start: URL, options: RequestOptions): Promise<Response> {
  const { timeoutMs, abort } = options;
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { target, headers } = split(url, start, options.headers ?? {});
    const late = new TransientError(`${url.host} did not answer within ${timeoutMs} ms`, {
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
function split(
  url: URL,
  start: URL,
  more: Record<string, string>,
): { target: URL; headers: Headers } {
  const target = new URL(url);
  target.username = target.password = target.hash = "";
  // Not compressed on the way: digests are of the file itself, and ranges and lengths count it.
  const headers = new Headers({ ...more, "accept-encoding": "identity", "user-agent": "cocoon" });
  if (start.username !== "" && url.origin === start.origin) {
    const user = `${decodeURIComponent(start.username)}:${decodeURIComponent(start.password)}`;
    headers.set("authorization", `Basic ${new TextEncoder().encode(user).toBase64()}`);
  }
  return { target, headers };
}

function nextHop(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !["http:", "https:"].includes(to.protocol)) {
    throw new CocoonError("failed", `${from.host} redirects to ${JSON.stringify(location)}`, {
      hint: "Only http and https addresses are followed. Check the address, or give the one that " +
        "the file is really at.",
    });
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new CocoonError("failed", `${from.host} redirects from https to http (${to.host})`, {
      hint: "Give the http address itself together with --sha256, if you trust that digest.",
    });
  }
  to.username = to.password = "";
  return to;
}
