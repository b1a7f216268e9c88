/** `--cloud-init`: a seed image that vfkit makes for one run. */
import { writeIso9660 } from "../../../guest/iso9660.ts";
import { basename } from "../../../host/path.ts";
import type { Device } from "./devices/device.ts";
import { VfkitError } from "./error.ts";
import { onExit, removeFile } from "./exit_handlers.ts";
import { pathError } from "./go/path_error.ts";
import type { Release } from "./versions.ts";

const IMAGE_NAME = /^vfkit-cloudinit-(\d+)-\d+\.iso$/;

function folder(): string {
  return `${Deno.env.get("TMPDIR") || "/tmp"}/vfkit-cloudinit`;
}

/** Removes the images of processes that are no more. */
export function removeStaleSeeds(): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder())];
  } catch {
    return; // none was ever made
  }
  for (const { name } of entries) {
    const pid = IMAGE_NAME.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeFile(`${folder()}/${name}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

/**
 * Makes the image and gives its disk, which comes after all others. Files of other names than
 * cloud-init's are passed over; of its names, those that are absent become empty files.
 * @throws {VfkitError}
 */
export function seedDisk(paths: readonly string[], release: Release): Device {
  const names = ["user-data", "meta-data"];
  if (release.has("networkConfig")) names.push("network-config");
  const given = new Map(paths.map((path) => [basename(path), path]));
  if (!given.has("user-data") && !given.has("meta-data")) {
    throw new VfkitError("cloud-init needs user-data and meta-data files to work");
  }
  const files = names.map((name) => ({ name, data: read(given.get(name)) }));
  const random = crypto.getRandomValues(new Uint32Array(1))[0];
  const path = `${folder()}/vfkit-cloudinit-${Deno.pid}-${random}.iso`;
  Deno.mkdirSync(folder(), { recursive: true });
  Deno.writeFileSync(path, writeIso9660({ label: "cidata", files, date: new Date() }));
  onExit(() => removeFile(path));
  return { kind: "virtioblk", path, readOnly: false, type: "", deviceIdentifier: "" };
}

function read(path: string | undefined): Uint8Array {
  if (path === undefined) return new Uint8Array();
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw pathError("open", path, error);
  }
}
