import { VfkitError } from "../error.ts";
import { parseInt64 } from "../go/number.ts";
import { errnoText, pathError } from "../go/path_error.ts";
import type { Option } from "../option_list.ts";
import type { Release } from "../versions.ts";
import type { DeviceParser, FileDisk, NbdDisk } from "./device.ts";

/** `QFI\xfb` */
const QCOW2_MAGIC = [0x51, 0x46, 0x49, 0xfb];

/** The only disk whose file is opened while the command line is read. */
export const virtioBlk: DeviceParser = (options, release) => {
  const disk = fileDisk("virtioblk", "virtio-blk", options, release);
  if (disk.type !== "dev") checkImage(disk.path, release);
  return disk;
};

export const nvme: DeviceParser = (options, release) => fileDisk("nvme", "nvme", options, release);

export const usbMassStorage: DeviceParser = (options, release) =>
  fileDisk("usbmassstorage", "usb-mass-storage", options, release);

function fileDisk(
  kind: FileDisk["kind"],
  name: string,
  options: readonly Option[],
  release: Release,
): FileDisk {
  const disk: FileDisk = { kind, path: "", readOnly: false, type: "", deviceIdentifier: "" };
  for (const { key, value } of options) {
    if (key === "path") disk.path = value;
    else if (key === "readonly") {
      if (value !== "") {
        throw new VfkitError(`unexpected value for ${name} 'readonly' option: ${value}`);
      }
      disk.readOnly = true;
    } else if (key === "type" && release.has("diskType")) {
      if (value !== "image" && value !== "dev") {
        throw new VfkitError(`unexpected value for disk 'type' option: ${value}`);
      }
      disk.type = value;
    } else if (key === "deviceId" && kind === "virtioblk") disk.deviceIdentifier = value;
    else throw new VfkitError(`unknown option for ${name} devices: ${key}`);
  }
  return disk;
}

function checkImage(path: string, release: Release): void {
  const start = new Uint8Array(QCOW2_MAGIC.length);
  const length = readStart(path, start);
  if (length === 0) throw new VfkitError(`failed to read the header of file ${path}: EOF`);
  if (release.has("qcow2Check") && QCOW2_MAGIC.every((byte, i) => start[i] === byte)) {
    throw new VfkitError("vfkit does not support qcow2 image format");
  }
}

function readStart(path: string, into: Uint8Array): number {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    throw new VfkitError(`failed to open file ${path}: ${pathError("open", path, error).message}`);
  }
  using open = file;
  try {
    return open.readSync(into) ?? 0;
  } catch (error) {
    const why = errnoText(error);
    throw new VfkitError(`failed to read the header of file ${path}: read ${path}: ${why}`);
  }
}

/** Milliseconds that a server may take, unless `timeout` says otherwise. */
const NBD_TIMEOUT_MS = 15_000;

export const nbd: DeviceParser = (options) => {
  const disk: NbdDisk = {
    kind: "nbd",
    uri: "",
    deviceIdentifier: "",
    timeoutMs: NBD_TIMEOUT_MS,
    sync: "full",
    readOnly: false,
  };
  for (const { key, value } of options) {
    if (key === "uri") disk.uri = value;
    else if (key === "deviceId") disk.deviceIdentifier = value;
    else if (key === "timeout") disk.timeoutMs = Number(parseInt64(value));
    else if (key === "sync") {
      if (value !== "full" && value !== "none") {
        throw new VfkitError(`invalid sync mode: ${value}, must be 'full' or 'none'`);
      }
      disk.sync = value;
    } else if (key === "readonly") {
      if (value !== "") {
        throw new VfkitError(`unexpected value for nbd 'readonly' option: ${value}`);
      }
      disk.readOnly = true;
    } else throw new VfkitError(`unknown option for nbd devices: ${key}`);
  }
  return disk;
};
