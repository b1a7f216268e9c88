/** The devices of a machine, as the command line describes them. */
import type { Option } from "../option_list.ts";
import type { Release } from "../versions.ts";

/** A disk that is a file or a block device of the host. */
export interface FileDisk {
  kind: "virtioblk" | "nvme" | "usbmassstorage";
  path: string;
  readOnly: boolean;
  /** As it was given; empty means `image`. */
  type: string;
  /** `virtio-blk` only. */
  deviceIdentifier: string;
}

export interface NbdDisk {
  kind: "nbd";
  uri: string;
  deviceIdentifier: string;
  timeoutMs: number;
  sync: string;
  readOnly: boolean;
}

export interface NetDevice {
  kind: "virtionet";
  nat: boolean;
  fd?: number;
  unixSocketPath: string;
  magic: boolean;
  /** Lower case with colons; undefined for a new random one at every start. */
  mac?: string;
}

export interface SerialDevice {
  kind: "virtioserial";
  logFile: string;
  stdio: boolean;
  pty: boolean;
}

export interface VsockDevice {
  kind: "virtiosock";
  port: number;
  /** Empty: the device without an endpoint. */
  socketPath: string;
  /** Guest to host; else host to guest. */
  listen: boolean;
}

export interface SharedFolder {
  kind: "virtiofs";
  mountTag: string;
  sharedDir: string;
}

export interface RosettaShare {
  kind: "rosetta";
  mountTag: string;
  install: boolean;
  ignoreIfMissing: boolean;
}

export interface GpuDevice {
  kind: "virtiogpu";
  usesGui: boolean;
  width: number;
  height: number;
}

export interface InputDevice {
  kind: "virtioinput";
  inputType: "keyboard" | "pointing";
}

export type Device =
  | FileDisk
  | NbdDisk
  | NetDevice
  | SerialDevice
  | VsockDevice
  | SharedFolder
  | RosettaShare
  | GpuDevice
  | InputDevice
  | { kind: "virtiorng" }
  | { kind: "virtioballoon" };

/** Makes a device from the options behind its name. */
export type DeviceParser = (options: readonly Option[], release: Release) => Device;
