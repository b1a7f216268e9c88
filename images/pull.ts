import { CocoonError } from "../errors/error.ts";
import type { TaggedImage } from "../state/images.ts";
import { type AddedImage, reuseStored } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import { normalizeExpected } from "./digests.ts";
import { explain } from "./explain.ts";
import { addFromFile, addFromStdin, type ImportOptions } from "./import.ts";
import { findStored, requireStored } from "./lookup.ts";
import { checkTag, type ImageReference, parseReference, publicUrl } from "./reference.ts";
import { type HttpLimits, openHttp } from "./sources/http.ts";

/** Options of {@linkcode pullImage} and {@linkcode resolveImage}. */
export interface PullOptions extends ImportOptions {
  /** Name to point to the image. @default {the URL itself for a URL, none otherwise} */
  tag?: string | undefined;
  /** Downloads a URL again although it is stored. */
  force?: boolean | undefined;
  /** Deadlines of a download. */
  http?: HttpLimits;
}

/**
 * Stores the image that a reference means, unless it is stored already, and names it.
 *
 * A URL that was pulled before is not asked again, unless `force` is set or another digest is
 * expected: what a name means changes when the user says so. The name of a stored image succeeds;
 * with `force` it is fetched again from the URL it came from.
 *
 * @throws {CocoonError} `usage`, `not-found` or `failed`; the store is then as it was
 */
export async function pullImage(
  ctx: ImageContext,
  reference: string,
  options: PullOptions = {},
): Promise<AddedImage> {
  if (options.tag !== undefined) checkTag(options.tag);
  normalizeExpected(options);
  const parsed = parse(ctx, reference);
  switch (parsed.kind) {
    case "stdin":
      return await addFromStdin(ctx, options);
    case "file":
      return await addFromFile(ctx, parsed.path, options);
    case "url":
      return await pullUrl(ctx, parsed.url, options);
    case "stored":
      return await pullStored(ctx, parsed.name, options);
  }
}

/**
 * The image that a reference means, ready to be used: a URL is pulled and a file imported if that
 * has not been done before; a name must be stored.
 */
export async function resolveImage(
  ctx: ImageContext,
  reference: string,
  options: Omit<PullOptions, "tag" | "force"> = {},
): Promise<TaggedImage> {
  return (await pullImage(ctx, reference, options)).image;
}

function parse(ctx: ImageContext, reference: string): ImageReference {
  return parseReference(reference, {
    // The tag of a URL is that URL; it must stay one, for `force`.
    isTag: (name) => !name.includes("/") && findStored(ctx, name) !== undefined,
    isFile,
    homeDirectory: ctx.host.env("HOME"),
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function pullUrl(ctx: ImageContext, url: URL, options: PullOptions): Promise<AddedImage> {
  const source = publicUrl(url);
  return await explain(source, async () => {
    const tag = options.tag ?? source;
    const known = options.force ? undefined : await addKnown(ctx, source, tag, options);
    if (known !== undefined) return known;
    await using download = await openHttp(url, options.http, options.signal);
    const { addImage } = await import("./add.ts");
    const { chunks, totalBytes } = download;
    const stream = { chunks, source, phase: "download" as const, totalBytes };
    return await addImage(ctx, stream, { ...options, tag });
  });
}

/** A stored image that the URL stands for, or that has the expected digest. */
async function addKnown(
  ctx: ImageContext,
  source: string,
  tag: string,
  options: PullOptions,
): Promise<AddedImage | undefined> {
  const { sha256, sha512 } = normalizeExpected(options);
  if (sha512 !== undefined) return undefined; // not recorded, so it has to be computed
  if (sha256 !== undefined) {
    return await reuseStored(ctx, `sha256:${sha256}`, "sha256", tag, options.signal);
  }
  const image = ctx.store.images.byTag(source) ??
    ctx.store.images.list().findLast((stored) => stored.source === source);
  return image && await reuseStored(ctx, image.digest, "none", tag, options.signal);
}

async function pullStored(
  ctx: ImageContext,
  name: string,
  options: PullOptions,
): Promise<AddedImage> {
  const image = requireStored(ctx, name);
  if (options.force && /^https?:/.test(image.source)) {
    return await pullUrl(ctx, new URL(image.source), { ...options, tag: options.tag ?? name });
  }
  const { sha256, sha512 } = normalizeExpected(options);
  if (sha512 !== undefined) {
    throw new CocoonError("usage", `image "${name}": only its sha256 is kept, not its sha512`, {
      hint: "Pull it by its URL, or give --sha256.",
    });
  }
  if (sha256 !== undefined && image.digest !== `sha256:${sha256}`) {
    throw new CocoonError(
      "failed",
      `image "${name}": checksum mismatch (expected sha256 ${sha256}, got ${
        image.digest.slice(7)
      })`,
      { hint: "`cocoon image pull --force` fetches it again." },
    );
  }
  const verified = sha256 === undefined ? "none" : "sha256";
  const stored = await reuseStored(ctx, image.digest, verified, options.tag, options.signal);
  if (stored === undefined) throw diskMissing(name, image);
  return stored;
}

function diskMissing(name: string, image: TaggedImage): CocoonError {
  const again = /^https?:/.test(image.source)
    ? `cocoon image pull --force ${name}`
    : `Import it again; it came from ${image.source}.`;
  return new CocoonError("failed", `image "${name}": its disk has been deleted`, { hint: again });
}
