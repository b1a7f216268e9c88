/** `--restful-uri`. */
import { VfkitError } from "./error.ts";
import { parseRequestUri } from "./go/url.ts";
import type { Release } from "./versions.ts";

/** The only spelling that means no server. */
export const NO_REST = "none://";

/** The longest path of a socket on macOS, whose `sun_path` has 104 bytes. */
const MAX_SOCKET_PATH_BYTES = 103;

/** Where the server listens. `none` is one that serves nothing: any other spelling of `none://`. */
export interface RestAddress {
  scheme: "tcp" | "unix" | "none";
  /** With the port; the name may be empty. */
  host: string;
  path: string;
}

/** @throws {VfkitError} */
export function parseRestUri(text: string, release: Release): RestAddress | undefined {
  const { scheme, host, port, path } = parseRequestUri(text);
  if (text === NO_REST) return undefined;
  if (scheme === "none") return { scheme, host, path };
  if (scheme === "tcp" || (scheme === "http" && release.has("httpScheme"))) {
    if (host === "") throw new VfkitError("invalid TCP uri: missing host");
    if (port === "") throw new VfkitError("invalid TCP uri: missing port");
    if (path !== "") throw new VfkitError("invalid TCP uri: path is forbidden");
    return { scheme: "tcp", host, path };
  }
  if (scheme === "unix") {
    if (path === "") throw new VfkitError("invalid unix uri: missing path");
    if (host !== "") throw new VfkitError("invalid unix uri: host is forbidden");
    if (new TextEncoder().encode(path).length > MAX_SOCKET_PATH_BYTES) {
      throw new VfkitError("invalid unix uri: socket path length exceeds macOS limits");
    }
    return { scheme, host, path };
  }
  throw new VfkitError(`invalid scheme ${scheme}`);
}
