import { layerFileName, layerParts } from "../../state/direct_image.ts";
import type { DirectLayer } from "../../state/images.ts";
import type { ImageContext } from "../context.ts";
import { withImagesLock } from "../images_lock.ts";

/**
 * Gives the folder of a new image the files of those layers that stored images have already, as
 * hard links: nothing of them is fetched or kept twice, and each image is whole by itself.
 * @returns the layers that the folder has now, by digest
 */
export async function linkKnownLayers(
  ctx: ImageContext,
  digests: readonly string[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, DirectLayer>> {
  const linked = new Map<string, DirectLayer>();
  // Under the lock no image goes away between the look and the link.
  await withImagesLock(ctx.home, async () => {
    for (const image of ctx.store.images.list()) {
      for (const layer of image.layers ?? []) {
        const isWanted = digests.includes(layer.digest) && !linked.has(layer.digest);
        const place = ctx.home.imageDir(image.digest);
        if (isWanted && await linkParts(layer, place, folder)) linked.set(layer.digest, layer);
      }
    }
  }, signal);
  return linked;
}

async function linkParts(layer: DirectLayer, from: string, to: string): Promise<boolean> {
  const names = layerParts(layer).map((part) => layerFileName(layer.digest, part));
  try {
    for (const name of names) await Deno.link(`${from}/${name}`, `${to}/${name}`);
    return true;
  } catch {
    // Deleted by hand, or on a file system without links: then it is fetched.
    for (const name of names) await Deno.remove(`${to}/${name}`).catch(() => {});
    return false;
  }
}
