import { CocoonError } from "../../errors/error.ts";
import { dirname } from "../../host/path.ts";
import { leavingSpace } from "../disk/space.ts";
import { printable } from "./client/errors.ts";
import type { LayerFile } from "./layer_files.ts";
import { layerArchive, layerEntries, type LayerEntry } from "./layer_entries.ts";

/**
 * Where a disk is in a container image (KubeVirt user guide, "Container disks"): the one file in
 * the folder `disk`.
 */
const DISK_PATH = /^disk\/[^/]+$/;

/** The topmost layer that has a disk, or undefined where none has. */
export async function findContainerDisk(
  layers: readonly LayerFile[],
): Promise<LayerFile | undefined> {
  for (const layer of layers.toReversed()) {
    for await (const entry of layerEntries(layerArchive(layer.path))) {
      if (entry.type === "directory") continue;
      if (isContainerDisk(entry)) return layer;
      // Such layers hold nothing else; the first file tells, and the others need no reading.
      break;
    }
  }
  return undefined;
}

/**
 * The content of the disk in a layer. The layer is read to its end.
 * @throws {CocoonError} `failed` (from the iteration) when there is not exactly one disk, or no
 * room for it
 */
export async function* containerDiskChunks(layer: LayerFile): AsyncGenerator<Uint8Array> {
  let found: string | undefined;
  for await (const entry of layerEntries(layerArchive(layer.path))) {
    if (!isContainerDisk(entry)) continue;
    if (found !== undefined) {
      throw new CocoonError(
        "failed",
        `it has more than one disk: ${printable(found)} and ${printable(entry.path)}`,
        { hint: "Tell whoever published it; a container disk has one file in /disk." },
      );
    }
    if (entry.sparse) {
      throw new CocoonError("failed", `${printable(entry.path)} is stored as a file with holes`, {
        hint: "Take the disk out with GNU tar, and import it.",
      });
    }
    found = entry.path;
    // The disk goes where the layer is.
    yield* leavingSpace(dirname(layer.path), entry.content);
  }
}

/** Whether an entry of a layer is a disk in a container. */
export function isContainerDisk({ type, path }: LayerEntry): boolean {
  // A whiteout is an empty file that removes one below it.
  return type === "file" && DISK_PATH.test(path) && !path.startsWith("disk/.wh.");
}
