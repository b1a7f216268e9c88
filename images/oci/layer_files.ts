import { explainFullDisk, requireSpace } from "../disk/space.ts";
import type { RegistryClient } from "./client/client.ts";
import type { Descriptor } from "./client/manifest.ts";
import { inParallel } from "./parallel.ts";

/** Layers that are fetched at once: more are not faster, and registries limit them. */
const PARALLEL_LAYERS = 4;

/** A layer of a container image on this computer, as it was fetched. */
export interface LayerFile {
  descriptor: Descriptor;
  path: string;
}

/** Options of {@linkcode fetchLayers}. */
export interface FetchOptions {
  /** A folder on the file system of the store. */
  directory: string;
  onBytes: (doneBytes: number, totalBytes: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Fetches layers, several at once, each into a file of its own that is exactly what its digest
 * says. A layer that is listed twice is fetched once.
 */
export async function fetchLayers(
  client: RegistryClient,
  layers: readonly Descriptor[],
  { directory, onBytes, signal }: FetchOptions,
): Promise<LayerFile[]> {
  const different = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const totalBytes = different.reduce((sum, { size }) => sum + size, 0);
  requireSpace(directory, totalBytes);
  let doneBytes = 0;
  await inParallel(different, PARALLEL_LAYERS, signal, async (layer, signal) => {
    using file = await Deno.open(layerPath(directory, layer), { write: true, createNew: true });
    try {
      for await (const piece of client.blob(layer)) {
        signal.throwIfAborted();
        for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
        doneBytes += piece.length;
        onBytes(doneBytes, totalBytes);
      }
    } catch (error) {
      throw explainFullDisk(error, directory);
    }
  });
  return layers.map((descriptor) => ({ descriptor, path: layerPath(directory, descriptor) }));
}

function layerPath(directory: string, { digest }: Descriptor): string {
  return `${directory}/blob-${digest.replace(":", "-")}`;
}
