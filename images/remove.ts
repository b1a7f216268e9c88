import { CocoonError } from "../errors/error.ts";
import type { TaggedImage } from "../state/images.ts";
import type { ImageContext } from "./context.ts";
import { withImagesLock } from "./images_lock.ts";
import { requireStored } from "./lookup.ts";
import { Staging } from "./staging.ts";

/** What became of one reference. */
export interface RemovedImage {
  /** As it was given. */
  reference: string;
  digest: string;
  /** Names that no longer point to the image. */
  untagged: string[];
  /** Whether the image itself is gone; false while another name or a machine keeps it. */
  deleted: boolean;
  /** Bytes that the disk took; 0 unless deleted. */
  freedBytes: number;
  /** Names of the machines for which the image stays although its last name has gone. */
  neededBy: string[];
}

/** What was done, and what could not be. */
export interface RemoveResult {
  removed: RemovedImage[];
  errors: CocoonError[];
}

/**
 * Removes images. A tag goes, and with its last tag the image; a digest means the image with all
 * its tags. An image that a machine uses is refused, by the machines' names; with `force` its names
 * go and the image stays, because the machine's disk may be an overlay that needs it. `gc` removes
 * it after the last of those machines.
 */
export async function removeImages(
  ctx: ImageContext,
  references: readonly string[],
  options: { force?: boolean; signal?: AbortSignal } = {},
): Promise<RemoveResult> {
  const result: RemoveResult = { removed: [], errors: [] };
  ctx.store.makeRoom();
  for (const reference of references) {
    options.signal?.throwIfAborted();
    try {
      result.removed.push(await removeOne(ctx, reference, options.force ?? false));
    } catch (error) {
      if (!(error instanceof CocoonError)) throw error;
      result.errors.push(error);
    }
  }
  return result;
}

async function removeOne(
  ctx: ImageContext,
  reference: string,
  force: boolean,
): Promise<RemovedImage> {
  await using undo = new AsyncDisposableStack();
  return await withImagesLock(ctx.home, async () => {
    const image = requireStored(ctx, reference);
    const untagged = image.tags.includes(reference) ? [reference] : image.tags;
    const machines = ctx.store.machines.usersOf(image.digest);
    const isLastName = untagged.length === image.tags.length;
    const removed = {
      reference,
      digest: image.digest,
      untagged,
      deleted: false,
      freedBytes: 0,
      neededBy: isLastName ? machines : [],
    };
    if (!isLastName || (machines.length > 0 && force)) {
      for (const tag of untagged) ctx.store.images.untag(tag);
      return removed;
    }
    // The trash is made first: once the record is gone, nothing may fail.
    const trash = undo.use(Staging.make(ctx.home));
    if (!ctx.store.images.deleteUnused(image.digest)) throw inUse(ctx, reference, image.digest);
    await discard(ctx, image, trash);
    return { ...removed, deleted: true, freedBytes: image.allocatedBytes };
  });
}

/** Moves the folder of an image without record out of the way; the disposal of `trash` deletes it. */
export async function discard(
  ctx: ImageContext,
  image: Pick<TaggedImage, "digest">,
  trash: Staging,
): Promise<void> {
  try {
    await Deno.rename(ctx.home.imageDir(image.digest), trash.path(image.digest.slice(7)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function inUse(ctx: ImageContext, reference: string, digest: string): CocoonError {
  const names = ctx.store.machines.usersOf(digest);
  const machines = names.length === 1 ? `machine ${names[0]}` : `machines ${names.join(", ")}`;
  return new CocoonError("conflict", `image "${reference}": in use by ${machines}`, {
    hint: "Remove them first (`cocoon vm rm`), or let the image go with the last of them: " +
      "`cocoon image rm --force`, later `cocoon gc`.",
  });
}
