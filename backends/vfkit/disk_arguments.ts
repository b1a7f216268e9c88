import { CocoonError } from "../../errors/error.ts";
import type { Disk, DiskBus, Machine, NetworkDisk } from "../../plugins/contract.ts";
import { device } from "./option.ts";

/**
 * What Apple takes as a block device's identifier; vfkit itself checks nothing
 * (VZVirtioBlockDeviceConfiguration: at most 20 bytes of ASCII).
 */
const DEVICE_ID = /^[A-Za-z0-9_-]{1,20}$/;

/** Schemes of an NBD server's address that vfkit takes. */
const NBD_SCHEMES = ["nbd", "nbds", "nbd+unix", "nbds+unix"];

/**
 * A machine's disks, in order: the guest names them vda, vdb and so on in that order.
 * @throws {CocoonError} `usage` for a disk that vfkit can't attach
 */
export function diskDevices({ disks, devices }: Machine): string[] {
  const networkDisks = devices.networkDisks ?? [];
  checkSerials([...disks.filter(isVirtio), ...networkDisks]);
  return [...disks.map(diskDevice), ...networkDisks.map(networkDisk)];
}

function isVirtio(disk: Disk): boolean {
  return busOf(disk) === "virtio";
}

/** A CD is a USB stick: Apple has no CD drive, and boots an ISO from there (vfkit's manual). */
function busOf({ role, bus = "virtio" }: Disk): DiskBus {
  return role === "cdrom" ? "usb" : bus;
}

function diskDevice(disk: Disk): string {
  const { path, format, serial, readOnly } = disk;
  if (format !== "raw") {
    throw new CocoonError("usage", `disk ${path}: vfkit cannot run a ${format} disk`, {
      hint: 'Make the machine with storage = "auto", which gives vfkit raw disks.',
    });
  }
  const readonly = readOnly ? true : undefined;
  switch (busOf(disk)) {
    case "virtio":
      return device("virtio-blk", { path, deviceId: serial, readonly });
    case "nvme":
      return device("nvme", { path, readonly });
    case "usb":
      return device("usb-mass-storage", { path, readonly });
  }
}

function networkDisk({ uri, serial, readOnly }: NetworkDisk): string {
  const scheme = /^([a-z+]+):\/\//.exec(uri)?.[1];
  if (scheme === undefined || !NBD_SCHEMES.includes(scheme)) {
    throw new CocoonError("usage", `network disk ${uri}: not the address of an NBD server`, {
      hint: `Begin it with ${NBD_SCHEMES.map((known) => `${known}://`).join(", ")}.`,
    });
  }
  return device("nbd", { uri, deviceId: serial, readonly: readOnly ? true : undefined });
}

/** Two disks of one serial would be one name in the guest's /dev/disk/by-id. */
function checkSerials(disks: readonly { serial: string }[]): void {
  const seen = new Set<string>();
  for (const { serial } of disks) {
    if (!DEVICE_ID.test(serial)) {
      throw new CocoonError(
        "usage",
        `disk serial ${JSON.stringify(serial)}: vfkit takes 1 to 20 ASCII letters, digits, - or _`,
      );
    }
    if (seen.has(serial)) {
      throw new CocoonError("usage", `disk serial "${serial}": two disks of the machine have it`);
    }
    seen.add(serial);
  }
}
