import { type AddedImage, IMAGE_FOLDER } from "../commit.ts";
import type { ImageContext } from "../context.ts";
import { requireSpace } from "../disk/space.ts";
import { detectFormat, type SourceFormat } from "../formats/detect.ts";
import { checkReadable } from "../formats/programs.ts";
import { Staging } from "../staging.ts";
import { storeSource } from "../store_source.ts";
import { downloadLimits, fetchBlob, withBlobs } from "./blobs.ts";
import type { Descriptor } from "./client/manifest.ts";
import { factsOf, type RegistryImage, type StoreImageOptions } from "./registry_image.ts";

/** Fetches and stores an artifact of one disk. */
export async function pullDisk(
  ctx: ImageContext,
  image: RegistryImage,
  layer: Descriptor,
  options: StoreImageOptions,
): Promise<AddedImage> {
  const { onProgress, signal } = options;
  const { client, source, digest, verified } = image;
  return await withBlobs(ctx, [layer], options, async ({ places, waited }) => {
    const stored = waited ? await image.findStored() : undefined;
    if (stored !== undefined) return stored;
    const place = places.get(layer.digest);
    if (place === undefined) throw new Error(`no place was taken for ${layer.digest}`);
    let format: SourceFormat = "raw";
    await fetchBlob(client.blob(layer, image.blobSource), layer, place, {
      limits: downloadLimits(client.transport.limits, options.http),
      signal,
      checkHead(head) {
        format = detectFormat(head);
        checkReadable(ctx.host, format);
        // A raw image may be mostly holes, so its length says nothing.
        if (format !== "raw") requireSpace(place.directory, layer.size);
      },
      onBytes: (doneBytes) =>
        onProgress?.({ phase: "download", doneBytes, totalBytes: layer.size }),
    });
    await using staging = await Staging.open(ctx.home, signal);
    await Deno.mkdir(staging.path(IMAGE_FOLDER));
    const facts = factsOf(options);
    const checked = { path: place.dataPath, isOurs: true, format, digest, verified, facts, source };
    return await storeSource(ctx, staging, checked, options);
  });
}
