import { CocoonError } from "../errors/error.ts";
import type { TaggedImage } from "../state/images.ts";
import { diskPath, type ImageContext } from "./context.ts";
import { directFiles } from "../state/direct_image.ts";
import { isWhole } from "./commit.ts";
import { requireStored } from "./lookup.ts";

/** A stored image as it is shown. */
export interface ImageInfo extends TaggedImage {
  /** Names of the machines that use it. */
  machines: string[];
}

/** An image with all that can be said of it. */
export interface ImageDetails extends ImageInfo {
  /** Path of the raw disk or CD; of kind `direct`, the folder with kernel and layers. */
  diskPath: string;
  /** RFC 3339, UTC: when a command last asked for it. Absent when its disk has been deleted. */
  lastUsedAt?: string;
  /** Result of reading the whole disk again; only when that was asked for. */
  intact?: boolean;
}

/** All stored images, oldest first. */
export function listImages(ctx: ImageContext): ImageInfo[] {
  return ctx.store.images.list().map((image) => withMachines(ctx, image));
}

/**
 * One image by tag, digest or the beginning of a digest.
 * @param options.check reads the disk and compares its digest, see `ImageDetails.intact`
 * @throws {CocoonError} `not-found`; `failed` when it is to be checked and its disk has been deleted
 */
export async function inspectImage(
  ctx: ImageContext,
  reference: string,
  options: { check?: boolean; signal?: AbortSignal } = {},
): Promise<ImageDetails> {
  const image = requireStored(ctx, reference);
  const path = image.kind === "direct"
    ? ctx.home.imageDir(image.digest)
    : diskPath(ctx.home, image.digest);
  const details: ImageDetails = { ...withMachines(ctx, image), diskPath: path };
  const present = isWhole(ctx, image);
  if (present) {
    const { mtime } = await Deno.stat(ctx.home.imageDir(image.digest));
    if (mtime !== null) details.lastUsedAt = mtime.toISOString();
  }
  if (!options.check) return details;
  if (!present) throw new CocoonError("failed", `image "${reference}": its disk has been deleted`);
  return { ...details, intact: await isIntact(ctx, image, options.signal) };
}

async function isIntact(
  ctx: ImageContext,
  image: TaggedImage,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { diskDigest } = await import("./disk/digest.ts");
  const work = { cpus: ctx.host.cpus, signal };
  const files = directFiles(ctx.home, image)?.layers ?? [diskPath(ctx.home, image.digest)];
  const expected = image.layers?.map((layer) => layer.diskDigest) ?? [image.diskDigest];
  for (const [index, path] of files.entries()) {
    if (await diskDigest(path, work) !== expected[index]) return false;
  }
  return true;
}

function withMachines(ctx: ImageContext, image: TaggedImage): ImageInfo {
  return { ...image, machines: ctx.store.machines.usersOf(image.digest) };
}
