import { join } from "../../host/path.ts";
import { layerFileName } from "../../state/direct_image.ts";
import type { DirectLayer } from "../../state/images.ts";
import { CocoonError } from "../../errors/error.ts";
import { addImage } from "../add.ts";
import { type AddedImage, commitImage, IMAGE_FOLDER } from "../commit.ts";
import type { ImageContext } from "../context.ts";
import { layersDigest } from "../disk/digest.ts";
import { Staging } from "../staging.ts";
import { type BlobPlaces, withBlobs } from "./blobs.ts";
import { hasKernel } from "./boot_files.ts";
import type { Descriptor } from "./client/manifest.ts";
import { containerDiskChunks, findContainerDisk } from "./container_disk.ts";
import { distinctLayers, makeDirect } from "./direct.ts";
import { findMkfsErofs } from "./erofs.ts";
import { checkConfig, type OciKind } from "./kinds.ts";
import { linkKnownLayers } from "./known_layers.ts";
import { fetchLayers } from "./layer_files.ts";
import { factsOf, type RegistryImage, type StoreImageOptions } from "./registry_image.ts";

/** Configurations of container images; real ones have some 10 KiB. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Fetches and stores an image of layers: a disk in a container, or a guest's root. */
export async function pullContainer(
  ctx: ImageContext,
  image: RegistryImage,
  { config, layers }: Extract<OciKind, { kind: "container" }>,
  options: StoreImageOptions & { architecture: NonNullable<StoreImageOptions["architecture"]> },
): Promise<AddedImage> {
  checkConfig(await image.client.smallBlob(config, MAX_CONFIG_BYTES), options.architecture);
  const { signal } = options;
  await using staging = await Staging.open(ctx.home, signal);
  const folder = staging.path(IMAGE_FOLDER);
  await Deno.mkdir(folder);
  const distinct = distinctLayers(layers);
  const missing = (known: ReadonlyMap<string, DirectLayer>) =>
    distinct.filter(({ digest }) => !known.has(digest));
  const link = (wanted: readonly Descriptor[]) =>
    linkKnownLayers(ctx, wanted.map(({ digest }) => digest), folder, signal);
  const known = await link(distinct);
  return await withBlobs(ctx, missing(known), options, async (blobs) => {
    if (blobs.waited) {
      const stored = await image.findStored();
      if (stored !== undefined) return stored;
      // The other command may have stored an image with some of the layers.
      for (const [digest, layer] of await link(missing(known))) known.set(digest, layer);
    }
    const work = { image, distinct, known, missing: missing(known) };
    return await fetchAndStore(ctx, staging, work, blobs, options);
  });
}

interface ContainerWork {
  image: RegistryImage;
  /** All layers, base first. */
  distinct: readonly Descriptor[];
  /** Those whose files are in the folder of the new image. */
  known: ReadonlyMap<string, DirectLayer>;
  /** The others. */
  missing: readonly Descriptor[];
}

async function fetchAndStore(
  ctx: ImageContext,
  staging: Staging,
  { image, distinct, known, missing }: ContainerWork,
  { places }: BlobPlaces,
  options: StoreImageOptions,
): Promise<AddedImage> {
  const { tag, signal, onProgress, http } = options;
  const { client, source, blobSource, digest, verified } = image;
  const program = await lookForMkfsErofs(ctx);
  // Layers of a stored image have a kernel among them: that needs no look into the others.
  if (known.size > 0 && missing.length > 0) required(program);
  const files = await fetchLayers(client, missing, {
    places,
    source: blobSource,
    http,
    onBytes: (doneBytes, totalBytes) => onProgress?.({ phase: "download", doneBytes, totalBytes }),
    async onLayer({ path }) {
      // The others are not worth their time then; what has come stays for the next try.
      if ("lack" in program && await hasKernel(path)) throw program.lack;
    },
    signal,
  });
  const disk = known.size === 0 ? await findContainerDisk(files) : undefined;
  const facts = factsOf(options);
  if (disk !== undefined) {
    const identity = { digest, verified };
    const stream = {
      ...{ source, identity, chunks: containerDiskChunks(disk), phase: "hash" as const },
      packedBytes: disk.descriptor.size,
    };
    return await addImage(ctx, stream, { tag, signal, onProgress, facts });
  }
  const folder = staging.path(IMAGE_FOLDER);
  const made = await makeDirect(ctx, {
    layers: distinct,
    known,
    files,
    folder,
    mkfsErofs: () => required(program),
  }, options);
  const sizes = made.map((layer) =>
    Deno.statSync(join(folder, layerFileName(layer.digest, "erofs"))).size
  );
  return await commitImage(
    ctx,
    staging,
    {
      ...facts,
      ...{ digest, verified, source },
      kind: "direct",
      layers: made,
      diskDigest: await layersDigest(made.map((layer) => layer.diskDigest)),
      virtualBytes: sizes.reduce((sum, size) => sum + size, 0),
      sourceFormat: "layers",
    },
    tag,
    signal,
  );
}

/** `mkfs.erofs`, looked for before anything is fetched; only some images need it. */
type MkfsErofs = { path: string } | { lack: CocoonError };

async function lookForMkfsErofs({ host }: ImageContext): Promise<MkfsErofs> {
  try {
    return { path: await findMkfsErofs(host) };
  } catch (lack) {
    if (lack instanceof CocoonError) return { lack };
    throw lack;
  }
}

function required(program: MkfsErofs): string {
  if ("lack" in program) throw program.lack;
  return program.path;
}
