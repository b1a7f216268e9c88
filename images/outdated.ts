import { messageOf } from "../errors/error.ts";
import type { TaggedImage } from "../state/images.ts";
import type { CatalogueEntry } from "./catalogue/catalogue.ts";
import type { ImageContext } from "./context.ts";
import { contradicts } from "./downloads/validators.ts";
import { entryOfTag, isUrl, type NameOptions } from "./named.ts";
import { looksLikeOci, parseOciReference } from "./oci/client/reference.ts";
import { openHttp } from "./sources/http.ts";
import { askPublisher } from "./verification/publisher.ts";

/** What became of the image behind a name, where it came from. */
export interface Upstream {
  /** The name. */
  tag: string;
  image: TaggedImage;
  /** `unknown`: nobody could say; see `reason`. */
  state: "current" | "outdated" | "unknown";
  /** Why it is unknown. */
  reason?: string;
}

/** Options of {@linkcode askUpstream}. */
export interface AskOptions extends Pick<NameOptions, "catalogue" | "signal" | "http"> {
  /** Allows a registry without TLS on another computer. */
  plainHttp?: boolean | undefined;
}

/**
 * Asks where an image came from whether it is still the same there: its publisher for the digest,
 * or else the server for another version of the file. Nothing is downloaded and nothing changed.
 * @throws the signal's reason; every other failure is `unknown`
 */
export async function askUpstream(
  ctx: ImageContext,
  tag: string,
  image: TaggedImage,
  options: AskOptions = {},
): Promise<Upstream> {
  try {
    return { tag, image, ...await ask(ctx, tag, image, options) };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { tag, image, state: "unknown", reason: messageOf(error) };
  }
}

/** Every name of a stored image that came from a server, in the order of their storing. */
export function namesWithUpstream(ctx: ImageContext): { tag: string; image: TaggedImage }[] {
  return ctx.store.images.list().filter(hasUpstream)
    .flatMap((image) => image.tags.map((tag) => ({ tag, image })));
}

/** Whether an image came from somewhere that can be asked again. */
export function hasUpstream({ source }: TaggedImage): boolean {
  return isUrl(source) || looksLikeOci(source);
}

/**
 * Whether nobody but its user has said what an image is, by a digest: then no other one is meant,
 * whatever the URL that it came from has today.
 */
export function isPinned(
  catalogue: NameOptions["catalogue"],
  tag: string,
  image: TaggedImage,
): boolean {
  const { verified, source } = image;
  return isUrl(source) && (verified === "sha256" || verified === "sha512") &&
    entryOfTag(catalogue, tag, image) === undefined;
}

type Answer = Pick<Upstream, "state" | "reason">;

async function ask(
  ctx: ImageContext,
  tag: string,
  image: TaggedImage,
  options: AskOptions,
): Promise<Answer> {
  const entry = entryOfTag(options.catalogue, tag, image);
  if (entry !== undefined) return await askEntry(ctx, entry, image, options);
  if (isUrl(image.source)) return await askServer(image.source, image, options);
  if (looksLikeOci(image.source)) return await askRegistry(ctx, image, options);
  return unknown(`it came from ${image.source === "-" ? "standard input" : "a file"}`);
}

/** The digest of the manifest is the image's identity. */
async function askRegistry(
  ctx: ImageContext,
  image: TaggedImage,
  { signal, plainHttp }: AskOptions,
): Promise<Answer> {
  const reference = parseOciReference(image.source);
  if (reference.digest !== undefined) return { state: "current" };
  const { RegistryClient } = await import("./oci/client/client.ts");
  const { resolveManifest } = await import("./oci/resolve.ts");
  const client = new RegistryClient(reference, { host: ctx.host, plainHttp, signal });
  const architecture = image.architecture ?? ctx.host.architecture;
  const { digest } = await resolveManifest(client, reference, {
    architecture,
    hostOs: ctx.host.os,
  });
  return compared(digest === image.digest);
}

/** What the catalogue says of an image today, which may be another address than the one of then. */
async function askEntry(
  ctx: ImageContext,
  { source, image: { keys } }: CatalogueEntry,
  image: TaggedImage,
  options: AskOptions,
): Promise<Answer> {
  const { sha256, checksum } = source;
  if (sha256 !== undefined) return compared(image.digest === `sha256:${sha256}`);
  if (checksum === undefined) {
    return isUrl(source.source)
      ? await askServer(source.source, image, options)
      : unknown("it came from a file");
  }
  const { digest } = await askPublisher(ctx.host, { ...source, checksum }, keys, options);
  if ("sha256" in digest) return compared(image.digest === `sha256:${digest.sha256}`);
  return image.sourceSha512 === undefined
    ? unknown("its sha512 was not computed when it was got")
    : compared(image.sourceSha512 === digest.sha512);
}

/** A conditional request (RFC 9110 section 13.1), whose body is not read. */
async function askServer(
  address: string,
  { validators = {} }: TaggedImage,
  { http, signal }: AskOptions,
): Promise<Answer> {
  const { etag, lastModified } = validators;
  if (etag === undefined && lastModified === undefined) {
    return unknown("its server did not say by what a new version can be told");
  }
  const headers = etag === undefined
    ? { "if-modified-since": lastModified ?? "" }
    : { "if-none-match": etag };
  const statuses = [200, 304];
  await using answer = await openHttp(new URL(address), http, signal, { headers, statuses });
  const says = answer.headers.has("etag") || answer.headers.has("last-modified");
  if (answer.status === 200 && !says) return unknown("its server no longer tells versions apart");
  return compared(answer.status === 304 || !contradicts(validators, answer.headers));
}

function compared(same: boolean): Answer {
  return { state: same ? "current" : "outdated" };
}

function unknown(reason: string): Answer {
  return { state: "unknown", reason };
}
