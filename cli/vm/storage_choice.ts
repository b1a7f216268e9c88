/** Which storage driver makes a machine's root disk. */
import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";
import type { Backend, JsonObject, StorageDriver } from "../../plugins/contract.ts";
import type { Registry } from "../../plugins/registry.ts";
import { selectStorage } from "../../storage/select.ts";
import type { VmContext } from "../../vm/context.ts";

/** What a driver is chosen for. */
export interface StorageNeed {
  backend: Backend;
  /** The backend's settings. */
  settings: JsonObject;
  /** What was named; undefined for `auto`. It makes a format that the backend takes. */
  named: StorageDriver | undefined;
}

/**
 * The driver that was named, if it works here; else the first of `auto` that does.
 * @throws {CocoonError} `usage` when there is none
 */
export async function chooseStorage(
  vm: Pick<VmContext, "host" | "home">,
  registry: Registry,
  { backend, settings, named }: StorageNeed,
): Promise<StorageDriver> {
  const { machinesDir: directory, imagesDir: imageDirectory } = vm.home;
  if (named === undefined) {
    const { diskFormats } = backend.capabilities(vm.host, settings);
    const wish = { host: vm.host, directory, imageDirectory, diskFormats };
    return (await selectStorage((name) => registry.storage(name), wish)).driver;
  }
  if (await named.supports(vm.host, directory, imageDirectory)) return named;
  throw new CocoonError(
    "usage",
    `storage driver "${named.name}" does not work on the file system of ${directory}`,
    { hint: 'Choose another driver, or "auto", which asks the file system.' },
  );
}

/** @throws {CocoonError} `usage` for a root disk that is larger than the driver's format takes */
export function refuseDiskSize(driver: StorageDriver, diskBytes: number): void {
  const { maxDiskBytes = Infinity, name } = driver;
  if (diskBytes <= maxDiskBytes) return;
  const most = formatSize(maxDiskBytes);
  throw new CocoonError(
    "usage",
    `--disk ${formatSize(diskBytes)}: storage driver "${name}" makes disks of at most ${most}`,
    { hint: `Give at most ${most}, or choose another driver by --storage.` },
  );
}
