/** `--device TYPE[,key[=value]]...` */
import { VfkitError } from "../error.ts";
import { parseOptions } from "../option_list.ts";
import type { Release } from "../versions.ts";
import { virtioSerial, virtioVsock } from "./channels.ts";
import type { Device, DeviceParser } from "./device.ts";
import { nbd, nvme, usbMassStorage, virtioBlk } from "./disks.ts";
import { virtioNet } from "./net.ts";
import { rosetta, virtioBalloon, virtioFs, virtioGpu, virtioInput, virtioRng } from "./others.ts";

const PARSERS: ReadonlyMap<string, DeviceParser> = new Map([
  ["virtio-blk", virtioBlk],
  ["nvme", nvme],
  ["usb-mass-storage", usbMassStorage],
  ["nbd", nbd],
  ["virtio-net", virtioNet],
  ["virtio-serial", virtioSerial],
  ["virtio-vsock", virtioVsock],
  ["virtio-fs", virtioFs],
  ["rosetta", rosetta],
  ["virtio-rng", virtioRng],
  ["virtio-balloon", virtioBalloon],
  ["virtio-gpu", virtioGpu],
  ["virtio-input", virtioInput],
]);

/**
 * There is no quoting: every comma splits.
 * @throws {VfkitError}
 */
export function parseDevice(text: string, release: Release): Device {
  const [type = "", ...items] = text.split(",");
  const parser = PARSERS.get(type);
  if (parser === undefined || (type === "virtio-balloon" && !release.has("balloon"))) {
    throw new VfkitError(`unknown device type: ${type}`);
  }
  return parser(parseOptions(items), release);
}
