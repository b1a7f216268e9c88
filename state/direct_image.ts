import { join } from "../host/path.ts";
import type { Home } from "./home.ts";
import type { DirectLayer, ImageRecord } from "./images.ts";

/** Files of an image of kind `direct`; absolute paths. */
export interface DirectFiles {
  /** EROFS file systems, base first. */
  layers: string[];
  /** Of the topmost layers that have them. */
  kernelPath: string;
  initrdPath: string;
}

/** What a layer may bring into the folder of its image. */
export type LayerPart = "erofs" | "kernel" | "initrd";

/**
 * Name of a file in the image's folder. Images that have a layer in common have its files in
 * common too, as hard links.
 */
export function layerFileName(digest: string, part: LayerPart): string {
  return `${digest.slice(digest.indexOf(":") + 1)}.${part}`;
}

/** The parts that a layer has. */
export function layerParts({ kernel, initrd }: DirectLayer): LayerPart[] {
  return ["erofs", ...(kernel ? ["kernel" as const] : []), ...(initrd ? ["initrd" as const] : [])];
}

/** The files of an image, or undefined for one of another kind. */
export function directFiles(home: Home, image: ImageRecord): DirectFiles | undefined {
  const { layers } = image;
  const kernel = layers?.findLast((layer) => layer.kernel);
  const initrd = layers?.findLast((layer) => layer.initrd);
  if (layers === undefined || kernel === undefined || initrd === undefined) return undefined;
  const path = ({ digest }: DirectLayer, part: LayerPart) =>
    join(home.imageDir(image.digest), layerFileName(digest, part));
  return {
    layers: layers.map((layer) => path(layer, "erofs")),
    kernelPath: path(kernel, "kernel"),
    initrdPath: path(initrd, "initrd"),
  };
}

/** Everything that must be there for an image to be used; absolute paths. */
export function imageFiles(home: Home, image: ImageRecord): string[] {
  const folder = home.imageDir(image.digest);
  if (image.kind !== "direct") return [join(folder, "disk.raw")];
  return (image.layers ?? []).flatMap((layer) =>
    layerParts(layer).map((part) => join(folder, layerFileName(layer.digest, part)))
  );
}
