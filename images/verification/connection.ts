import { isLoopback } from "../oci/client/reference.ts";

/**
 * Whether what comes from a URL is its server's word: over TLS, or from this computer itself. On
 * the way of everything else, anybody may write something else.
 */
export function isVerifiedConnection(url: URL): boolean {
  return url.protocol === "https:" || isLoopback(url.host);
}
