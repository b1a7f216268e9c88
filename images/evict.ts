import type { TaggedImage } from "../state/images.ts";
import type { ImageContext } from "./context.ts";
import { discard } from "./remove.ts";
import type { Staging } from "./staging.ts";
import { lastUsedMs } from "./usage.ts";

/** Why images take more than they may. */
export interface OverBudget {
  /** What all images take now. */
  bytes: number;
  budgetBytes: number;
  /** Of that: images of machines. */
  neededBytes: number;
  /** Of that: images that nothing needs, but that were used lately. */
  recentBytes: number;
}

/**
 * Removes images with their names, the one that was not used for longest first, until all together
 * take at most `budgetBytes`. An image of a machine stays, and so does one that was used within
 * `keepMs`; then more than the budget remains. For a caller that holds the images' lock.
 */
export async function evictImages(
  ctx: ImageContext,
  budgetBytes: number,
  keepMs: number,
  trash: Staging,
  onOverBudget?: (over: OverBudget) => void,
): Promise<TaggedImage[]> {
  const images = await Promise.all(
    ctx.store.images.list().map(async (image) => ({
      image,
      usedMs: await lastUsedMs(ctx, image.digest) ?? 0,
    })),
  );
  let bytes = images.reduce((sum, { image }) => sum + image.allocatedBytes, 0);
  const evicted: TaggedImage[] = [];
  const now = ctx.host.now().getTime();
  for (const { image, usedMs } of images.sort((a, b) => a.usedMs - b.usedMs)) {
    // They are in the order of their last uses: all that follow were used lately too.
    if (bytes <= budgetBytes || now - usedMs < keepMs) break;
    if (!ctx.store.images.deleteUnused(image.digest)) continue;
    await discard(ctx, image, trash);
    bytes -= image.allocatedBytes;
    evicted.push(image);
  }
  if (bytes > budgetBytes) {
    const kept = images.map(({ image }) => image).filter((image) => !evicted.includes(image));
    const neededBytes = kept.filter(({ digest }) => ctx.store.machines.usersOf(digest).length > 0)
      .reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
    onOverBudget?.({ bytes, budgetBytes, neededBytes, recentBytes: bytes - neededBytes });
  }
  return evicted;
}
