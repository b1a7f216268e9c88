/** The disks of a machine whose image is layers: they are attached as they are, under one of its own. */
import { CocoonError } from "../errors/error.ts";
import { findSystemProgram } from "../host/system_program.ts";
import { join } from "../host/path.ts";
import type { Disk, Host } from "../plugins/contract.ts";
import { directFiles } from "../state/direct_image.ts";
import type { Home } from "../state/home.ts";
import type { ImageRecord } from "../state/images.ts";

/** Serial of the disk that the guest writes to. */
export const COW_SERIAL = "cocoon-cow";

/** Serial of the layer at a position, base = 0. */
export function layerSerial(index: number): string {
  return `cocoon-layer${index}`;
}

/** Milliseconds for an empty file system, which takes some hundredths of a second. */
const MKFS_TIMEOUT_MS = 60_000;

/**
 * Layers, base first, shared and read-only; then the machine's own disk.
 * @param dir folder of the machine
 */
export function layerDisks(home: Home, image: ImageRecord, dir: string): Disk[] {
  const layers = directFiles(home, image)?.layers ?? [];
  return [
    ...layers.map((path, index): Disk => ({
      role: "layer",
      path,
      format: "raw",
      serial: layerSerial(index),
      readOnly: true,
    })),
    { role: "cow", path: join(dir, "cow.raw"), format: "raw", serial: COW_SERIAL, readOnly: false },
  ];
}

/**
 * Makes the machine's own disk: an empty ext4, in which the guest makes `upper` and `work`.
 * @throws {CocoonError} `host-lacks` without `mkfs.ext4`, `failed` when it cannot be made
 */
export async function makeCow(
  host: Host,
  disk: Disk,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const program = findMkfsExt4(host);
  {
    using file = await Deno.open(disk.path, { createNew: true, write: true, mode: 0o600 });
    await file.truncate(sizeBytes);
  }
  // Tables are written by the guest when it needs them: the file stays sparse.
  const extended = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
  const { code, stderr } = await host.run(
    [program, "-q", "-F", "-m0", "-L", COW_SERIAL, "-E", extended, disk.path],
    { timeoutMs: MKFS_TIMEOUT_MS, signal },
  );
  if (code !== 0) {
    throw new CocoonError(
      "failed",
      `${disk.path}: mkfs.ext4 made no file system: ${stderr.trim()}`,
      { hint: "Is --disk large enough? 64M is little, 1G is usual." },
    );
  }
  using file = await Deno.open(disk.path, { write: true });
  await file.sync();
}

/** @throws {CocoonError} `host-lacks`, with the line that installs it */
export function findMkfsExt4(host: Pick<Host, "os" | "which">): string {
  const path = findSystemProgram(host, "mkfs.ext4");
  if (path !== undefined) return path;
  throw new CocoonError("host-lacks", "an image of layers needs mkfs.ext4, which is not here", {
    hint: host.os === "darwin"
      ? "Install it: brew install e2fsprogs"
      : "Install the package e2fsprogs of this system, as in: sudo apt-get install -y e2fsprogs",
  });
}
