import { CocoonError } from "../errors/error.ts";
import { absolute } from "../host/path.ts";
import { looksLikeOci, type OciReference, parseOciReference } from "./oci/client/reference.ts";

/** What a user's word for an image means. */
export type ImageReference =
  | { kind: "url"; url: URL }
  /** `path` is absolute. */
  | { kind: "file"; path: string }
  | { kind: "stdin" }
  /** An image in a registry. */
  | { kind: "oci"; reference: OciReference }
  /** An image that is known by name; which of them is got is the catalogue's business. */
  | { kind: "named"; name: string }
  /** A tag, a digest or the beginning of one. */
  | { kind: "stored"; name: string };

/** How the surroundings are asked, for tests. */
export interface ReferenceSurroundings {
  /** Whether a relative path is a file here. */
  isFile(path: string): boolean;
  /** Whether a stored image has this tag; a tag wins over a file of the same name. */
  isTag(name: string): boolean;
  /** Whether the catalogue has an image of this name. */
  isName(name: string): boolean;
  /** The user's home directory, for `~/`. */
  homeDirectory: string | undefined;
}

/**
 * Sorts a reference: a tag that is stored, a name of the catalogue, `-`, a URL, an image in a
 * registry (`oci:` in front, or its first part is a host; unless it is a file here), a path (it
 * contains a slash, begins with a dot or `~`, or is a file here), else the name of a stored image,
 * known or not.
 * @throws {CocoonError} `usage` for an empty one or a scheme that is not known
 */
export function parseReference(text: string, around: ReferenceSurroundings): ImageReference {
  if (text === "") throw new CocoonError("usage", "the name of an image is empty");
  if (around.isTag(text)) return { kind: "stored", name: text };
  if (around.isName(text)) return { kind: "named", name: text };
  if (text === "-") return { kind: "stdin" };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) return parseUrl(text, scheme);
  if (looksLikeOci(text) && !around.isFile(text)) {
    return { kind: "oci", reference: parseOciReference(text) };
  }
  if (text === "~" || text.startsWith("~/")) {
    if (around.homeDirectory === undefined) {
      throw new CocoonError("usage", `${text}: HOME is not set`);
    }
    return { kind: "file", path: absolute(around.homeDirectory + text.slice(1)) };
  }
  if (text.includes("/") || text.startsWith(".") || around.isFile(text)) {
    return { kind: "file", path: absolute(text) };
  }
  return { kind: "stored", name: text };
}

function parseUrl(text: string, scheme: string): ImageReference {
  if (!["http", "https", "file"].includes(scheme)) {
    throw new CocoonError("usage", `image "${text}": ${scheme}:// is not supported`, {
      hint: "Give an http(s) URL, a file, - for standard input, or the name of a stored image.",
    });
  }
  if (!URL.canParse(text)) throw new CocoonError("usage", `image "${text}": not a valid URL`);
  const url = new URL(text);
  if (scheme !== "file") return { kind: "url", url };
  if (url.host !== "" && url.host !== "localhost") {
    throw new CocoonError("usage", `image "${text}": a file URL with a host`, {
      hint: "Local files are file:///PATH, with three slashes.",
    });
  }
  return { kind: "file", path: absolute(decodeURIComponent(url.pathname)) };
}

/** A URL as it may be shown and stored: without user and password. */
export function publicUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = shown.password = shown.hash = "";
  return shown.href;
}

/** {@linkcode publicUrl} of what may as well be the path of a file. */
export function publicSource(source: string): string {
  return /^https?:\/\//i.test(source) && URL.canParse(source) ? publicUrl(new URL(source)) : source;
}

/** Letters, digits and a few marks; no slash, so that a tag is never mistaken for a path. */
const TAG = /^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$/;
/** Would be taken for the beginning of a digest. */
const LIKE_DIGEST = /^(sha256:.*|[0-9a-f]{12,64})$/;

/**
 * Checks a name that a user gives to an image.
 * @throws {CocoonError} `usage`
 */
export function checkTag(name: string): void {
  if (!TAG.test(name)) {
    throw new CocoonError("usage", `${JSON.stringify(name)} cannot name an image`, {
      hint: "Use 1 to 128 letters, digits and . _ : + -, beginning with a letter or a digit.",
    });
  }
  if (LIKE_DIGEST.test(name)) {
    throw new CocoonError("usage", `"${name}" cannot name an image: it reads like a digest`, {
      hint: "Choose a name with another letter in it, for example debian:13.",
    });
  }
}
