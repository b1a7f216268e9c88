/** The disks of a machine whose image is a CD: an empty one, and the CD as it is. */
import { join } from "../host/path.ts";
import type { Disk } from "../plugins/contract.ts";
import { imageFiles } from "../state/direct_image.ts";
import type { Home } from "../state/home.ts";
import type { ImageRecord } from "../state/images.ts";

/** Serial of the CD. */
export const CD_SERIAL = "cdrom";

/**
 * The disk that is installed to. Raw whatever the storage driver: it copies nothing.
 * @param dir folder of the machine
 */
export function emptyRoot(dir: string): Disk {
  const path = join(dir, "root.raw");
  return { role: "root", path, format: "raw", serial: "root", readOnly: false };
}

/** The CD of the store, which all machines of the image have in common. */
export function cdrom(home: Home, image: ImageRecord): Disk {
  const [path] = imageFiles(home, image);
  if (path === undefined) throw new TypeError(`image ${image.digest} has no file`);
  return { role: "cdrom", path, format: "raw", serial: CD_SERIAL, readOnly: true };
}
