import { VfkitError } from "../error.ts";
import { parseMac } from "../go/mac.ts";
import { parseInt64 } from "../go/number.ts";
import type { DeviceParser, NetDevice } from "./device.ts";

const MAX_FD = 0x7fff_ffffn;

export const virtioNet: DeviceParser = (options, release) => {
  const net: NetDevice = { kind: "virtionet", nat: false, unixSocketPath: "", magic: true };
  /** `path` says the same as `unixSocketPath`; what belongs to the newer form is kept apart. */
  const unixgram = { type: "", path: "", offloading: "" };
  const newer = release.has("unixgramOptions");
  for (const { key, value } of options) {
    if (key === "nat") {
      if (value !== "") {
        throw new VfkitError(`unexpected value for virtio-net 'nat' option: ${value}`);
      }
      net.nat = true;
    } else if (key === "mac") net.mac = parseMac(value);
    else if (key === "fd") net.fd = parseFd(value);
    else if (key === "unixSocketPath") net.unixSocketPath = value;
    else if (key === "type" && newer) {
      if (value !== "unixgram") {
        throw new VfkitError(
          `unsupported virtio-net type: ${value} (only 'unixgram' is supported)`,
        );
      }
      unixgram.type = value;
    } else if (key === "path" && newer) unixgram.path = value;
    else if (key === "offloading" && newer) {
      if (value !== "off") {
        throw new VfkitError(`invalid value for offloading: ${value} (only 'off' is supported)`);
      }
      unixgram.offloading = value;
    } else if (key === "vfkitMagic" && newer) {
      if (value !== "on" && value !== "off") {
        throw new VfkitError(`invalid value for vfkitMagic: ${value} (expected on/off)`);
      }
      net.magic = value === "on";
    } else throw new VfkitError(`unknown option for virtio-net devices: ${key}`);
  }
  applyUnixgram(net, unixgram);
  checkPeers(net);
  if (net.unixSocketPath === "") net.magic = false;
  return net;
};

function parseFd(text: string): number {
  const fd = parseInt64(text, "Atoi");
  if (fd < 0n || fd > MAX_FD) throw new VfkitError(`invalid file descriptor: ${fd}`);
  return Number(fd);
}

function applyUnixgram(
  net: NetDevice,
  { type, path, offloading }: { type: string; path: string; offloading: string },
): void {
  if (path !== "" && type === "") {
    throw new VfkitError("'path' option requires 'type' to be specified");
  }
  if (path !== "") net.unixSocketPath = path;
  if (type !== "" && net.unixSocketPath === "") {
    throw new VfkitError("'type' option requires 'path' to be specified");
  }
  if (offloading !== "" && type === "") {
    throw new VfkitError("'offloading' option requires 'type' to be specified");
  }
}

/** Exactly one thing that the card is plugged into. */
function checkPeers(net: NetDevice): void {
  const peers = [
    ...(net.nat ? ["nat"] : []),
    ...(net.fd === undefined ? [] : ["fd"]),
    ...(net.unixSocketPath === "" ? [] : ["unixSocketPath"]),
  ];
  const [first, second] = peers;
  if (first === undefined) {
    throw new VfkitError("one of 'nat' or 'fd' or 'unixSocketPath' must be set");
  }
  if (second !== undefined) {
    throw new VfkitError(`'${first}' and '${second}' cannot be set at the same time`);
  }
}
