import { CocoonError } from "../errors/error.ts";
import type { TaggedImage } from "../state/images.ts";
import { type AddedImage, reuseStored } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import type { CatalogueEntry } from "./catalogue/catalogue.ts";
import { vouchedFacts } from "./facts.ts";
import { checkDigests, normalizeExpected } from "./digests.ts";
import { explain } from "./explain.ts";
import { addFromFile, addFromStdin, type ImportOptions } from "./import.ts";
import { findStored, requireStored } from "./lookup.ts";
import {
  entryFacts,
  entryOfTag,
  expectationOf,
  isStoredEntry,
  isUrl,
  type NameOptions,
  unverified,
} from "./named.ts";
import {
  formatOciReference,
  looksLikeOci,
  mayBeOfHub,
  type OciReference,
  parseOciReference,
} from "./oci/client/reference.ts";
import { isForeignTag, registryTag } from "./oci/architectures.ts";
import { checkTag, type ImageReference, parseReference, publicUrl } from "./reference.ts";

/** Options of {@linkcode pullImage} and {@linkcode resolveImage}. */
export interface PullOptions extends ImportOptions, NameOptions {
  /** Name to point to the image. @default {the URL or the reference itself, none for a file} */
  tag?: string | undefined;
  /** Downloads a URL again although it is stored. */
  force?: boolean | undefined;
  /** Allows a registry without TLS on another computer. */
  plainHttp?: boolean | undefined;
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
  const parsed = parseImage(ctx, reference, options);
  switch (parsed.kind) {
    case "stdin":
      return await addFromStdin(ctx, options);
    case "file":
      return await addFromFile(ctx, parsed.path, options)
        .catch((error) => Promise.reject(withHubHint(error, reference)));
    case "url":
      return await pullUrl(ctx, parsed.url, options);
    case "oci":
      return await pullFromRegistry(ctx, parsed.reference, options);
    case "named":
      return await pullNamed(ctx, parsed.name, options);
    case "stored":
      return await pullStored(ctx, parsed.name, options);
  }
}

/** In other tools `USER/NAME` is an image of Docker Hub; here it is a file. */
function withHubHint(error: unknown, reference: string): unknown {
  const isMissing = error instanceof CocoonError && error.code === "not-found";
  if (!isMissing || !mayBeOfHub(reference)) return error;
  const hint = `For an image of Docker Hub: oci:${reference}`;
  return new CocoonError(error.code, error.message, { cause: error, hint });
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

/** What a reference means here; see {@linkcode parseReference}. */
export function parseImage(
  ctx: ImageContext,
  reference: string,
  options: NameOptions,
): ImageReference {
  const { catalogue, architecture = ctx.host.architecture } = options;
  return parseReference(reference, {
    isTag(name) {
      const found = findStored(ctx, name);
      // The tag of a URL is that URL, and of a registry's image its reference; they must stay that,
      // for `force`. With an architecture at its end it is no reference any more.
      const isOwn = !name.includes("/") || isForeignTag(name, found?.source ?? "");
      const stored = isOwn ? found : undefined;
      if (stored === undefined || catalogue?.find(name)?.origin === "configuration") return false;
      const foreign = stored.architecture !== undefined && stored.architecture !== architecture;
      // For another architecture, the name of an image of the catalogue is another image.
      return !(foreign && catalogue?.find(name) !== undefined);
    },
    isName: (name) => catalogue?.find(name) !== undefined,
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

/** Gets an image of the catalogue, unless it is stored. */
async function pullNamed(
  ctx: ImageContext,
  name: string,
  options: PullOptions,
): Promise<AddedImage> {
  const entry = options.catalogue?.entry(name, options.architecture);
  // Only names that the catalogue has are sorted so.
  if (entry === undefined) throw new Error(`${name} has left the catalogue`);
  return await pullEntry(ctx, entry, options);
}

async function pullEntry(
  ctx: ImageContext,
  entry: CatalogueEntry,
  options: PullOptions,
): Promise<AddedImage> {
  const { source } = entry.source;
  const tag = options.tag ?? entry.tag;
  if (!isUrl(source)) {
    const sha256 = options.sha256 ?? entry.source.sha256;
    return await addFromFile(ctx, source, { ...options, sha256, tag, facts: entryFacts(entry) });
  }
  const stored = options.force ? undefined : ctx.store.images.byTag(entry.tag);
  if (stored !== undefined && isStoredEntry(stored, entry)) {
    return await pullStored(ctx, entry.tag, { ...options, tag });
  }
  const expected = await explain(entry.tag, () => expectationOf(ctx, entry, options));
  return await pullUrl(ctx, new URL(source), { ...options, ...expected, tag }, entry.tag);
}

/** @param subject what errors call it */
async function pullUrl(
  ctx: ImageContext,
  url: URL,
  options: PullOptions,
  subject = publicUrl(url),
): Promise<AddedImage> {
  const source = publicUrl(url);
  return await explain(subject, async () => {
    const tag = options.tag ?? source;
    const known = await addKnown(ctx, source, tag, options);
    if (known !== undefined) return known;
    const { sha256, sha512 } = options;
    if (options.requireVerified && sha256 === undefined && sha512 === undefined) {
      throw unverified();
    }
    // Loaded only for work: a command that finds its image stored starts faster without.
    const { addFromUrl } = await import("./add_download.ts");
    return await addFromUrl(ctx, url, {
      ...options,
      tag,
      findStored: () => addKnown(ctx, source, tag, options),
    });
  });
}

async function pullFromRegistry(
  ctx: ImageContext,
  reference: OciReference,
  options: PullOptions,
): Promise<AddedImage> {
  const source = formatOciReference(reference);
  return await explain(source, async () => {
    const { sha256, force, signal, architecture = ctx.host.architecture } = options;
    const name = registryTag(source, architecture, ctx.host.architecture);
    const tag = options.tag ?? name;
    const image = force ? undefined : ctx.store.images.byTag(name);
    const isWanted = image !== undefined && (image.architecture ?? architecture) === architecture &&
      (sha256 === undefined || image.digest === `sha256:${normalizeExpected(options).sha256}`);
    const known = isWanted && await reuseStored(ctx, image.digest, "none", tag, signal);
    if (known) return known;
    // Loaded only for work: a command that finds its image stored starts faster without.
    const { pullOci } = await import("./oci/pull.ts");
    return await pullOci(ctx, reference, { ...options, tag });
  });
}

/** A stored image that has the expected digest, or, without one, that the URL stands for. */
async function addKnown(
  ctx: ImageContext,
  source: string,
  tag: string,
  options: PullOptions,
): Promise<AddedImage | undefined> {
  const { sha256, sha512 } = normalizeExpected(options);
  const vouched = vouchedFacts(options);
  // With `force` a digest by hand is no reason not to ask the server; what the publisher says is.
  if (options.force && options.voucher === undefined) return undefined;
  if (sha512 !== undefined || sha256 !== undefined) {
    const image = ctx.store.images.list().find((stored) =>
      (sha256 === undefined || stored.digest === `sha256:${sha256}`) &&
      (sha512 === undefined || stored.sourceSha512 === sha512)
    );
    const verified = vouched.verified ?? (sha512 === undefined ? "sha256" : "sha512");
    return image && await reuseStored(ctx, image.digest, verified, tag, options.signal, vouched);
  }
  const image = ctx.store.images.byTag(source) ??
    ctx.store.images.list().findLast((stored) => stored.source === source);
  return image && await reuseStored(ctx, image.digest, "none", tag, options.signal, vouched);
}

async function pullStored(
  ctx: ImageContext,
  name: string,
  options: PullOptions,
): Promise<AddedImage> {
  const image = requireStored(ctx, name, options.catalogue);
  if (options.force) {
    const entry = entryOfTag(options.catalogue, name, image);
    if (entry !== undefined) return await pullEntry(ctx, entry, options);
    const tag = options.tag ?? name;
    if (isUrl(image.source)) {
      return await pullUrl(ctx, new URL(image.source), { ...options, tag });
    }
    if (looksLikeOci(image.source)) {
      // The same one of those that are there.
      const architecture = image.architecture ?? options.architecture;
      const again = { ...options, tag, architecture };
      return await pullFromRegistry(ctx, parseOciReference(image.source), again);
    }
  }
  const expected = normalizeExpected(options);
  const { sourceSha512 } = image;
  if (expected.sha512 !== undefined && sourceSha512 === undefined) {
    throw new CocoonError("usage", `image "${name}": only its sha256 is kept, not its sha512`, {
      hint: "Pull it by its URL, or give --sha256.",
    });
  }
  const actual = { sha256: image.digest.slice("sha256:".length), sha512: sourceSha512 ?? "" };
  const verified = await explain(
    name,
    () => Promise.resolve(checkDigests(expected, actual, "Nothing was changed")),
  );
  const stored = await reuseStored(ctx, image.digest, verified, options.tag, options.signal);
  if (stored === undefined) throw diskMissing(name, image);
  return stored;
}

/** The error for an image whose files somebody has deleted. */
export function diskMissing(name: string, image: TaggedImage): CocoonError {
  const again = isUrl(image.source) || looksLikeOci(image.source)
    ? `cocoon image pull --force ${name}`
    : `Import it again; it came from ${image.source}.`;
  return new CocoonError("failed", `image "${name}": its disk has been deleted`, { hint: again });
}
