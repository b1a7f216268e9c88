import { join } from "../host/path.ts";
import type { ImageFacts, ImageRecord, TaggedImage, Verified } from "../state/images.ts";
import { imageFiles } from "../state/direct_image.ts";
import type { ImageContext } from "./context.ts";
import { withImagesLock } from "./images_lock.ts";
import type { Staging } from "./staging.ts";
import { markUsed } from "./usage.ts";

/** Name of the folder in the staging area that becomes the image's. */
export const IMAGE_FOLDER = "image";

/** An image that was asked for, and whether it had to be made. */
export interface AddedImage {
  image: TaggedImage;
  /** `already-stored`: the same content was there; nothing was replaced. */
  outcome: "stored" | "already-stored";
}

/** What is known of an image before it is stored. */
export type NewImage =
  & Omit<ImageRecord, "allocatedBytes" | "createdAt" | "kind">
  & Partial<Pick<ImageRecord, "kind">>;

/**
 * Makes the finished image in the staging area a stored one: to the medium, into place, into the
 * records, in this order. Killed in between, it leaves a folder without record, which the next
 * pull replaces and `gc` removes. If the same image came from somewhere else meanwhile, that
 * one stays.
 */
export async function commitImage(
  ctx: ImageContext,
  staging: Staging,
  image: NewImage,
  tag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<AddedImage> {
  const folder = staging.path(IMAGE_FOLDER);
  const allocatedBytes = await seal(folder);
  return await withImagesLock(ctx.home, async () => {
    const stored = await useStored(ctx, image.digest, tag, image);
    if (stored !== undefined) return stored;
    const place = ctx.home.imageDir(image.digest);
    // What is there without a record, or without its disk, belongs to nobody.
    if (ctx.host.exists(place)) await Deno.rename(place, staging.path("replaced"));
    await Deno.rename(folder, place);
    await sync(join(ctx.home.imagesDir, "sha256"));
    await markUsed(ctx, image.digest);
    ctx.store.images.put({
      kind: "disk",
      ...image,
      allocatedBytes,
      createdAt: ctx.host.now().toISOString(),
    }, tag);
    return { image: required(ctx, image.digest), outcome: "stored" };
  }, signal);
}

/** Brings the files of a finished image to the medium; returns the bytes that they take. */
async function seal(folder: string): Promise<number> {
  let bytes = 0;
  for (const { name } of [...Deno.readDirSync(folder)]) {
    const path = join(folder, name);
    // Read-only: machines write to clones, and a mistake must not change what the digest promises.
    await Deno.chmod(path, 0o444);
    await sync(path);
    bytes += ((await Deno.stat(path)).blocks ?? 0) * 512;
  }
  await sync(folder);
  return bytes;
}

/** How much a voucher is worth; the user's own digest came by another way than the image. */
const RANK: Readonly<Record<Verified, number>> = {
  none: 0,
  checksum: 1,
  registry: 1,
  sha256: 2,
  sha512: 2,
  signature: 3,
};

/** The image with this digest if it is stored whole, tagged and vouched for as asked. */
async function useStored(
  ctx: ImageContext,
  digest: string,
  tag: string | undefined,
  { verified = "none", verifiedBy, ...facts }: ImageFacts,
): Promise<AddedImage | undefined> {
  const stored = ctx.store.images.get(digest);
  if (stored === undefined || !isWhole(ctx, stored)) return undefined;
  if (tag !== undefined) ctx.store.images.put(stored, tag);
  ctx.store.images.note(
    digest,
    RANK[verified] > RANK[stored.verified]
      ? { ...facts, verified, ...(verifiedBy === undefined ? {} : { verifiedBy }) }
      : facts,
  );
  await markUsed(ctx, digest);
  return { image: required(ctx, digest), outcome: "already-stored" };
}

/** Whether all files of an image are there. */
export function isWhole(ctx: Pick<ImageContext, "home" | "host">, image: ImageRecord): boolean {
  return imageFiles(ctx.home, image).every((path) => ctx.host.exists(path));
}

/** Like `commitImage`, before the work is done: undefined when it has to be done. */
export function reuseStored(
  ctx: ImageContext,
  digest: string,
  verified: Verified,
  tag: string | undefined,
  signal: AbortSignal | undefined,
  facts: ImageFacts = {},
): Promise<AddedImage | undefined> {
  return withImagesLock(
    ctx.home,
    () => useStored(ctx, digest, tag, { ...facts, verified }),
    signal,
  );
}

function required(ctx: ImageContext, digest: string): TaggedImage {
  const image = ctx.store.images.get(digest);
  if (image === undefined) throw new Error(`${digest} has no record although it was just written`);
  return image;
}

async function sync(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.sync();
}
