/** Makes the devices, in the order of the command line. */
import type {
  Device,
  FileDisk,
  NbdDisk,
  NetDevice,
  RosettaShare,
  SerialDevice,
} from "../devices/device.ts";
import type { MacFacts, StandInOptions } from "../environment.ts";
import { VfkitError } from "../error.ts";
import { pathError, stat } from "../go/path_error.ts";
import { invalidDiskImage } from "../apple.ts";
import { isDatagramSocket, openPty } from "../libc.ts";
import * as log from "../log.ts";
import type { Hardware } from "./hardware.ts";
import { connectUnixgram } from "./unixgram.ts";

const SECTOR_BYTES = 512;

/** @throws {VfkitError} */
export function makeDevice(device: Device, hardware: Hardware, options: StandInOptions): void {
  switch (device.kind) {
    case "virtioblk":
      log.info(`Adding virtio-blk device (imagePath: ${device.path}, type: ${typeOf(device)})`);
      return attachDisk(device, options.mac);
    case "nvme":
      mandatory("path", "nvme device", device.path);
      log.info(`Adding nvme device (imagePath: ${device.path})`);
      attachDisk(device, options.mac);
      return needsMacos(14, options.mac);
    case "usbmassstorage":
      mandatory("path", "usb-mass-storage device", device.path);
      log.info(`Adding USB mass storage device (imagePath: ${device.path})`);
      attachDisk(device, options.mac);
      return needsMacos(13, options.mac);
    case "nbd":
      return checkNbd(device, options.mac);
    case "virtionet":
      return plugIn(device, hardware, options);
    case "virtioserial":
      return openSerial(device, hardware);
    case "virtiosock":
      if (hardware.vsocks.push(device) === 1) log.info("Adding virtio-vsock device");
      return;
    case "virtiofs":
      log.info("Adding virtio-fs device");
      mandatory("sharedDir", "virtio-fs device", device.sharedDir);
      stat(device.sharedDir);
      return;
    case "rosetta":
      log.info("Adding virtio-fs device");
      return shareRosetta(device, options.mac);
    case "virtiogpu":
      needsMacos(13, options.mac);
      log.info("Adding virtio-gpu device");
      return;
    case "virtioinput":
      needsMacos(13, options.mac);
      log.info(`Adding virtio-input ${device.inputType} device`);
      return;
    case "virtiorng":
      log.info("Adding virtio-rng device");
      return;
    case "virtioballoon":
      log.info("Adding virtio-balloon device");
  }
}

function mandatory(option: string, device: string, value: string): void {
  if (value === "") throw new VfkitError(`missing mandatory '${option}' option for ${device}`);
}

function needsMacos(version: number, mac: MacFacts): void {
  if (mac.macosVersion < version) throw new VfkitError("unsupported macOS version");
}

function typeOf(disk: FileDisk): string {
  return disk.type === "" ? "image" : disk.type;
}

function attachDisk(disk: FileDisk, mac: MacFacts): void {
  const info = stat(disk.path);
  if (typeOf(disk) === "dev") {
    needsMacos(14, mac);
    if (!info.isBlockDevice) throw new VfkitError(`file ${disk.path} is not a block device`);
    return;
  }
  if (info.size % SECTOR_BYTES !== 0 || info.size === 0) throw invalidDiskImage();
}

/** Longest name of an NBD disk that vfkit lets through; the framework takes less. */
const MAX_NBD_ID_BYTES = 255;

function checkNbd(disk: NbdDisk, mac: MacFacts): void {
  const uri = "invalid NBD device 'uri'";
  if (disk.uri === "") throw new VfkitError(`${uri}: 'uri' must be specified`);
  const [, scheme = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(disk.uri) ?? [];
  if (!["nbd", "nbds", "nbd+unix", "nbds+unix"].includes(scheme)) {
    throw new VfkitError(
      `${uri}: invalid scheme: ${scheme}. Expected one of: ` +
        "'nbd', 'nbds', 'nbd+unix', or 'nbds+unix'",
    );
  }
  const id = "invalid NBD device 'deviceId'";
  if (disk.deviceIdentifier === "") throw new VfkitError(`${id}: 'deviceId' must be specified`);
  if (disk.deviceIdentifier.includes("/")) {
    throw new VfkitError(`${id}: 'deviceId' cannot contain any forward slash`);
  }
  if (new TextEncoder().encode(disk.deviceIdentifier).length > MAX_NBD_ID_BYTES) {
    throw new VfkitError(`${id}: 'deviceId' exceeds maximum length`);
  }
  needsMacos(14, mac);
  log.info(`Adding NBD device (uri: ${disk.uri}, deviceId: ${disk.deviceIdentifier})`);
}

function plugIn(net: NetDevice, hardware: Hardware, options: StandInOptions): void {
  log.info(`Adding virtio-net device (nat: ${net.nat} macAddress: [${net.mac ?? ""}])`);
  if (net.fd !== undefined) {
    log.info(`Using fd ${net.fd}`);
    // What the runtime itself opened under this number is not what the caller meant.
    const absent = net.fd > 2 && net.fd < 10 && !options.inherited.includes(net.fd);
    if (absent) throw new VfkitError("getsockopt: bad file descriptor");
    if (!isDatagramSocket(net.fd)) {
      throw new VfkitError("the fileHandle must be a datagram socket");
    }
    hardware.netSockets.set(net, net.fd);
  } else if (net.unixSocketPath !== "") {
    log.info(`Using unix socket ${net.unixSocketPath}`);
    const magic = net.magic || !options.release.has("unixgramOptions");
    hardware.netSockets.set(net, connectUnixgram(net.unixSocketPath, magic, options.release));
  }
}

function openSerial(serial: SerialDevice, hardware: Hardware): void {
  if (serial.pty) {
    const pty = openPty();
    hardware.ptys.set(serial, pty);
    log.info(`Using PTY (pty path: ${pty.path})`);
  } else if (serial.stdio) {
    log.info("Adding stdio console");
    if (!Deno.stdin.isTerminal()) throw new VfkitError("inappropriate ioctl for device");
  } else {
    log.info(`Adding virtio-serial device (logFile: ${serial.logFile})`);
    try {
      Deno.openSync(serial.logFile, { write: true, create: true, truncate: true }).close();
    } catch (error) {
      throw pathError("open", serial.logFile, error);
    }
  }
}

function shareRosetta(share: RosettaShare, mac: MacFacts): void {
  if (share.mountTag === "") {
    // The typing error is vfkit's.
    throw new VfkitError("missing mandatory 'mountTage' option for rosetta share");
  }
  if (!mac.appleSilicon) throw new VfkitError("rosetta is unsupported on non-arm64 platforms");
  if (mac.rosetta === "unsupported") throw new VfkitError("rosetta is not supported");
  if (mac.rosetta === "installed") return;
  if (!share.install) throw new VfkitError("rosetta is not installed");
  if (mac.rosettaInstallFails && !share.ignoreIfMissing) {
    throw new VfkitError("failed to install rosetta: the installation was cancelled");
  }
}
