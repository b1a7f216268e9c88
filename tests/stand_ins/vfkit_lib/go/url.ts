/** Go's `url.ParseRequestURI`, as far as an address without user and fragment needs it. */
import { VfkitError } from "../error.ts";
import { quote } from "./quote.ts";

/** The parts of an address. */
export interface GoUrl {
  scheme: string;
  /** With the port. */
  host: string;
  port: string;
  /** Decoded, without the query. */
  path: string;
}

/** @throws {VfkitError} in Go's words */
export function parseRequestUri(text: string): GoUrl {
  const failure = (why: string) => new VfkitError(`parse ${quote(text)}: ${why}`);
  // deno-lint-ignore no-control-regex -- these are the characters that are meant
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw failure("net/url: invalid control character in URL");
  }
  if (text === "") throw failure("empty url");
  if (text.startsWith(":")) throw failure("missing protocol scheme");
  const [, scheme = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text) ?? [];
  let rest = scheme === "" ? text : text.slice(scheme.length + 1);
  const query = rest.indexOf("?");
  if (query >= 0) rest = rest.slice(0, query);
  if (!rest.startsWith("/")) {
    if (scheme === "") throw failure("invalid URI for request");
    // "unix:name" is an opaque address: it has neither host nor path.
    return { scheme: scheme.toLowerCase(), host: "", port: "", path: "" };
  }
  let host = "";
  if (scheme !== "" && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    host = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
  }
  // The user's name, which nothing here looks at.
  host = host.slice(host.lastIndexOf("@") + 1);
  const bad = /[ "<>\\^`{|}]/.exec(host)?.[0];
  if (bad !== undefined) throw failure(`invalid character ${quote(bad)} in host name`);
  const colon = host.startsWith("[") ? host.indexOf(":", host.indexOf("]")) : host.indexOf(":");
  const port = colon < 0 ? "" : host.slice(colon + 1);
  if (!/^\d*$/.test(port)) throw failure(`invalid port ${quote(`:${port}`)} after host`);
  return { scheme: scheme.toLowerCase(), host, port, path: unescape(rest, failure) };
}

function unescape(path: string, failure: (why: string) => VfkitError): string {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path)?.[0];
  if (wrong !== undefined) throw failure(`invalid URL escape ${quote(wrong)}`);
  const bytes = new TextEncoder().encode(path);
  const decoded: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0x25) {
      decoded.push(parseInt(new TextDecoder().decode(bytes.subarray(i + 1, i + 3)), 16));
      i += 2;
    } else decoded.push(bytes[i] ?? 0);
  }
  return new TextDecoder().decode(Uint8Array.from(decoded));
}
