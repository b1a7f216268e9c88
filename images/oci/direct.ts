/** Images of layers with a kernel: each layer becomes a file system that machines share. */
import { CocoonError } from "../../errors/error.ts";
import type { DirectLayer } from "../../state/images.ts";
import { layerFileName } from "../../state/direct_image.ts";
import type { ImageContext, ProgressCallback } from "../context.ts";
import { diskDigest } from "../disk/digest.ts";
import type { Descriptor } from "./client/manifest.ts";
import { type LayerScan, scanLayer } from "./boot_files.ts";
import { makeErofs } from "./erofs.ts";
import type { LayerFile } from "./layer_files.ts";
import { layerArchive } from "./layer_entries.ts";
import { inParallel } from "./parallel.ts";

/** What {@linkcode makeDirect} works on. */
export interface DirectSource {
  /** All layers of the image, base first. */
  layers: readonly Descriptor[];
  /** Those whose files are in the folder already. */
  known: ReadonlyMap<string, DirectLayer>;
  /** The others, as they were fetched. */
  files: readonly LayerFile[];
  /** The folder that becomes the image's. */
  folder: string;
  /** What makes file systems of layers. @throws when there is none here */
  mkfsErofs: () => string;
}

/** Options of {@linkcode makeDirect}. */
export interface DirectOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ProgressCallback | undefined;
}

/** Where several layers are the same, the upper one decides what the guest sees. */
export function distinctLayers(layers: readonly Descriptor[]): Descriptor[] {
  return layers.filter(({ digest }, index) =>
    layers.findLastIndex((layer) => layer.digest === digest) === index
  );
}

/**
 * Makes the files of an image of kind `direct`.
 * @returns its layers, base first
 * @throws {CocoonError} `failed` when kernel or initial RAM disk are missing in all layers,
 * `host-lacks` without `mkfs.erofs`
 */
export async function makeDirect(
  ctx: ImageContext,
  { layers, known, files, folder, mkfsErofs }: DirectSource,
  { signal, onProgress }: DirectOptions,
): Promise<DirectLayer[]> {
  const { cpus } = ctx.host;
  const place = (digest: string, part: "erofs" | "kernel" | "initrd") =>
    `${folder}/${layerFileName(digest, part)}`;
  const scans = new Map<string, LayerScan>();
  await inParallel(files, cpus, signal, async ({ descriptor: { digest }, path }) => {
    const targets = { kernel: place(digest, "kernel"), initrd: place(digest, "initrd") };
    scans.set(digest, await scanLayer(path, targets));
  });
  requireBootFiles([...known.values(), ...scans.values()]);
  // A layer of nothing would only take a disk of the machine.
  const filled = files.filter(({ descriptor }) => scans.get(descriptor.digest)?.entries !== 0);
  const program = filled.length === 0 ? "" : mkfsErofs();
  const totalBytes = filled.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  let doneBytes = 0;
  const made = await inParallel(filled, cpus, signal, async ({ descriptor, path }, signal) => {
    const { digest, size } = descriptor;
    const target = place(digest, "erofs");
    await makeErofs(program, { archive: layerArchive(path), digest }, target, signal);
    // It is in its new form; the room is needed for the others.
    await Deno.remove(path);
    doneBytes += size;
    onProgress?.({ phase: "convert", doneBytes, totalBytes });
    const { kernel = false, initrd = false } = scans.get(digest) ?? {};
    return { digest, diskDigest: await diskDigest(target, { cpus: 1, signal }), kernel, initrd };
  });
  const all = new Map([...known, ...made.map((layer) => [layer.digest, layer] as const)]);
  return layers.map(({ digest }) => all.get(digest)).filter((layer) => layer !== undefined);
}

function requireBootFiles(layers: readonly Pick<LayerScan, "kernel" | "initrd">[]): void {
  const kernel = layers.some((layer) => layer.kernel);
  const initrd = layers.some((layer) => layer.initrd);
  if (kernel && initrd) return;
  if (!kernel && !initrd) {
    throw new CocoonError("failed", "it is a container image: files without a kernel or a disk", {
      hint: "A machine needs a disk: take the distribution's cloud image, a container disk " +
        "(quay.io/containerdisks/...), or an image with /boot/vmlinuz and /boot/initrd.img.",
    });
  }
  throw new CocoonError(
    "failed",
    kernel
      ? "it has a kernel but no initial RAM disk (/boot/initrd.img*)"
      : "it has an initial RAM disk but no kernel (/boot/vmlinuz*)",
    { hint: "Both are needed, as regular files. Tell whoever published the image." },
  );
}
