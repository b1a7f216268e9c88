/** Looks for an image without getting it. */
import { CocoonError } from "../errors/error.ts";
import { quoteShell } from "../host/shell.ts";
import type { TaggedImage } from "../state/images.ts";
import { isWhole } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import { checkDigests, normalizeExpected } from "./digests.ts";
import { explain } from "./explain.ts";
import { FileCache } from "./file_cache.ts";
import { requireStored } from "./lookup.ts";
import { isStoredEntry, isUrl, type NameOptions } from "./named.ts";
import { formatOciReference } from "./oci/client/reference.ts";
import { registryTag } from "./oci/architectures.ts";
import { diskMissing, parseImage } from "./pull.ts";
import { type ImageReference, publicUrl } from "./reference.ts";
import { fileIdentity, openSourceFile } from "./sources/file.ts";

/**
 * The stored image that a reference means. Nothing is fetched or imported, and of a file only that
 * is looked at by which it is known.
 * @throws {CocoonError} `not-found` for one that is not stored, with the line that stores it;
 *   `failed` when its files have been deleted or it is not the one of `sha256`
 */
export async function findImageHere(
  ctx: ImageContext,
  reference: string,
  options: NameOptions,
): Promise<TaggedImage> {
  const meaning = parseImage(ctx, reference, options);
  const shown = meaning.kind === "url" ? publicUrl(meaning.url) : reference;
  const image = await find(ctx, meaning, options);
  if (image === undefined) {
    const byName = meaning.kind === "stdin" || meaning.kind === "file";
    throw new CocoonError("not-found", `image "${shown}": not stored`, {
      hint: byName
        ? `Import it under a name, and give that: cocoon image import NAME ${quoteShell(shown)}`
        : `Store it first: cocoon image pull ${quoteShell(shown)}`,
    });
  }
  if (!isWhole(ctx, image)) throw diskMissing(shown, image);
  const { sha256 } = normalizeExpected(options);
  const actual = { sha256: image.digest.slice("sha256:".length) };
  await explain(
    shown,
    () => Promise.resolve(checkDigests(sha256 === undefined ? {} : { sha256 }, actual)),
  );
  return image;
}

async function find(
  ctx: ImageContext,
  meaning: ImageReference,
  options: NameOptions,
): Promise<TaggedImage | undefined> {
  const { images } = ctx.store;
  switch (meaning.kind) {
    case "stdin":
      return undefined;
    case "stored":
      return requireStored(ctx, meaning.name, options.catalogue);
    case "file":
      return await findFile(ctx, meaning.path);
    case "url": {
      const source = publicUrl(meaning.url);
      return images.byTag(source) ?? images.list().findLast((image) => image.source === source);
    }
    case "oci": {
      const { architecture = ctx.host.architecture } = options;
      const source = formatOciReference(meaning.reference);
      const image = images.byTag(registryTag(source, architecture, ctx.host.architecture));
      return (image?.architecture ?? architecture) === architecture ? image : undefined;
    }
    case "named": {
      const entry = options.catalogue?.entry(meaning.name, options.architecture);
      // Only names that the catalogue has are sorted so.
      if (entry === undefined) throw new Error(`${meaning.name} has left the catalogue`);
      if (!isUrl(entry.source.source)) return await findFile(ctx, entry.source.source);
      const image = images.byTag(entry.tag);
      return image !== undefined && isStoredEntry(image, entry) ? image : undefined;
    }
  }
}

/** A file that was imported, and has not changed since. */
async function findFile(ctx: ImageContext, path: string): Promise<TaggedImage | undefined> {
  const digest = await explain(path, async () => {
    using _readable = await openSourceFile(path);
    return await new FileCache(ctx).get(path, await fileIdentity(path));
  });
  return digest === undefined ? undefined : ctx.store.images.get(digest);
}
