/** What the framework judges once the whole configuration is there. */
import { invalidConfiguration } from "../apple.ts";
import type { VmConfig } from "../config.ts";
import type { Device } from "../devices/device.ts";
import type { StandInOptions } from "../environment.ts";
import type { Hardware } from "./hardware.ts";

/** virtio-blk's limit. */
const MAX_IDENTIFIER_BYTES = 20;
const MIN_MEMORY_MIB = 4n;

/** @throws {AppleError} of code 2 */
export function validate(config: VmConfig, hardware: Hardware, options: StandInOptions): void {
  const { mac } = options;
  if (!mac.entitled) {
    throw invalidConfiguration(
      "The process doesn’t have the “com.apple.security.virtualization” entitlement.",
    );
  }
  if (config.cpus < 1 || config.cpus > mac.maxCpus) {
    throw invalidConfiguration("The number of virtual CPUs is invalid.");
  }
  if (config.memoryMib < MIN_MEMORY_MIB || config.memoryMib > BigInt(mac.maxMemoryMib)) {
    throw invalidConfiguration("The memory size is invalid.");
  }
  for (const device of config.devices) {
    checkIdentifier(device);
    lock(device, hardware);
  }
  // The parser takes these, and so do the vectors, which end before the machine is made.
  if (!options.parseOnly) checkTags(config.devices);
}

function checkIdentifier(device: Device): void {
  if (device.kind !== "virtioblk" && device.kind !== "nbd") return;
  const id = device.deviceIdentifier;
  // deno-lint-ignore no-control-regex -- ASCII is what is meant
  if (!/^[\x00-\x7f]*$/.test(id) || id.length > MAX_IDENTIFIER_BYTES) {
    throw invalidConfiguration("The block device identifier is invalid.");
  }
}

/** One writer or many readers a disk, over all processes: flock(2), which QEMU does not use. */
function lock(device: Device, hardware: Hardware): void {
  if (device.kind !== "virtioblk" && device.kind !== "nvme" && device.kind !== "usbmassstorage") {
    return;
  }
  const inUse = () => invalidConfiguration("The storage device attachment is invalid.");
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(device.path, { read: true, write: !device.readOnly });
  } catch {
    throw inUse();
  }
  hardware.locks.push(file);
  if (!file.tryLockSync(!device.readOnly)) throw inUse();
}

function checkTags(devices: readonly Device[]): void {
  const tags = devices.flatMap((device) => {
    if (device.kind === "rosetta") return [device.mountTag];
    if (device.kind !== "virtiofs") return [];
    const [lastPart = ""] = device.sharedDir.split("/").filter((part) => part !== "").slice(-1);
    return [device.mountTag === "" ? lastPart : device.mountTag];
  });
  if (new Set(tags).size !== tags.length) {
    throw invalidConfiguration("The directory sharing device tags are not unique.");
  }
}
