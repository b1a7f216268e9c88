import { CocoonError } from "../../errors/error.ts";
import { dirname } from "../../host/path.ts";
import { leavingSpace } from "../disk/space.ts";
import { printable } from "./client/errors.ts";
import { isContainerDisk } from "./container_disk.ts";
import { layerArchive, layerEntries, type LayerEntry } from "./layer_entries.ts";

/** What was found in a layer. */
export interface LayerScan {
  /** Entries of every type. */
  entries: number;
  kernel: boolean;
  initrd: boolean;
}

/** Where they are kept. */
export interface BootFilePaths {
  kernel: string;
  initrd: string;
}

/** In the folder `boot` or in the root. */
const KERNEL = /^(boot\/)?vmlinuz[^/]*$/;
const INITRD = /^(boot\/)?initrd\.img[^/]*$/;

/** Both are some ten megabytes; far more would fill this computer's disk for nothing. */
const MAX_BOOT_FILE_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a layer to its end and takes the kernel and the initial RAM disk out of it: regular files
 * (a link is none), without those that a package manager has set aside (`.old`). Of several, the
 * last counts, as it does where the layer is unpacked.
 * @throws {CocoonError} `failed` for a damaged layer
 */
export async function scanLayer(path: string, targets: BootFilePaths): Promise<LayerScan> {
  const scan: LayerScan = { entries: 0, kernel: false, initrd: false };
  for await (const entry of layerEntries(layerArchive(path))) {
    if (entry.path !== "") scan.entries++;
    const part = partOf(entry);
    if (part === undefined) continue;
    if (entry.sparse) {
      throw new CocoonError("failed", `${printable(entry.path)} is stored as a file with holes`, {
        hint: "Tell whoever published the image.",
      });
    }
    await save(entry, targets[part]);
    scan[part] = true;
  }
  return scan;
}

/**
 * Whether a layer has a kernel; ends at the first one, and before the content of a container disk.
 * @throws {CocoonError} `failed` for a damaged layer
 */
export async function hasKernel(path: string): Promise<boolean> {
  for await (const entry of layerEntries(layerArchive(path))) {
    if (isContainerDisk(entry)) return false;
    if (partOf(entry) === "kernel") return true;
  }
  return false;
}

function partOf({ type, path }: LayerEntry): keyof BootFilePaths | undefined {
  if (type !== "file" || path.endsWith(".old")) return undefined;
  if (KERNEL.test(path)) return "kernel";
  return INITRD.test(path) ? "initrd" : undefined;
}

async function save(entry: LayerEntry, target: string): Promise<void> {
  using file = await Deno.open(target, { create: true, write: true, truncate: true, mode: 0o600 });
  let bytes = 0;
  for await (const piece of leavingSpace(dirname(target), entry.content)) {
    bytes += piece.length;
    if (bytes > MAX_BOOT_FILE_BYTES) {
      throw new CocoonError("failed", `${printable(entry.path)} is larger than a gigabyte`, {
        hint: "Tell whoever published the image.",
      });
    }
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
}
