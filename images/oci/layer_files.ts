import { explainFullDisk, requireSpace } from "../disk/space.ts";
import { readJournal } from "../downloads/journal.ts";
import type { DownloadLimits } from "../downloads/limits.ts";
import type { PartialDownload } from "../downloads/partial.ts";
import { downloadLimits, fetchBlob } from "./blobs.ts";
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
  /** Where each of them goes, by digest. */
  places: ReadonlyMap<string, PartialDownload>;
  /** What the journals of the downloads say for people. */
  source: string;
  http?: DownloadLimits | undefined;
  onBytes: (doneBytes: number, totalBytes: number) => void;
  /** Called with each layer when it is whole; what it throws ends the others. */
  onLayer?: ((layer: LayerFile) => Promise<void>) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Fetches layers, several at once, each into its place, where it is exactly what its digest says. A
 * layer that is listed twice is fetched once.
 */
export async function fetchLayers(
  client: RegistryClient,
  layers: readonly Descriptor[],
  { places, source, http, onBytes, onLayer, signal }: FetchOptions,
): Promise<LayerFile[]> {
  const files = [...new Map(layers.map((layer) => [layer.digest, layer])).values()]
    .map((descriptor) => ({ descriptor, place: placeOf(places, descriptor) }));
  const totalBytes = files.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  await requireSpaceFor(files);
  const limits = {
    ...downloadLimits(client.transport.limits, http),
    // So that there are as many in all, whether there are few layers or many.
    connections: Math.ceil(PARALLEL_LAYERS / Math.max(1, Math.min(PARALLEL_LAYERS, files.length))),
  };
  const doneBytes = new Map<string, number>();
  await inParallel(files, PARALLEL_LAYERS, signal, async ({ descriptor, place }, signal) => {
    try {
      await fetchBlob(client.blob(descriptor, source), descriptor, place, {
        limits,
        signal,
        onBytes(bytes) {
          doneBytes.set(descriptor.digest, bytes);
          onBytes(doneBytes.values().reduce((sum, each) => sum + each, 0), totalBytes);
        },
      });
      await onLayer?.({ descriptor, path: place.dataPath });
    } catch (error) {
      throw explainFullDisk(error, place.directory);
    }
  });
  return layers.map((descriptor) => ({
    descriptor,
    path: placeOf(places, descriptor).dataPath,
  }));
}

/** Refuses what cannot fit; what is here of it already needs no more room. */
async function requireSpaceFor(
  files: readonly { descriptor: Descriptor; place: PartialDownload }[],
): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  let neededBytes = 0;
  for (const { descriptor, place } of files) {
    const hereBytes = (await readJournal(place.journalPath))?.map.doneBytes ?? 0;
    neededBytes += Math.max(0, descriptor.size - hereBytes);
  }
  requireSpace(first.place.directory, neededBytes);
}

function placeOf(
  places: ReadonlyMap<string, PartialDownload>,
  { digest }: Descriptor,
): PartialDownload {
  const place = places.get(digest);
  if (place === undefined) throw new Error(`no place was taken for ${digest}`);
  return place;
}
