/** Values of `--device`. */
import { ValueError } from "./error.ts";
import { Items } from "./items.ts";

/** A disk; the first one is booted. All can be written to. */
export interface BlkDevice {
  kind: "virtio-blk";
  path: string;
  format: "raw" | "qcow2";
}

/** A card. Neither a path nor a descriptor is refused later, by libkrun. */
export interface NetDevice {
  kind: "virtio-net";
  mac: string;
  type: "unixgram" | "unixstream";
  path: string | null;
  fd: number | null;
  offloading: boolean;
  vfkitMagic: boolean;
}

/** A socket of the host and a port of the guest. */
export interface VsockDevice {
  kind: "virtio-vsock";
  port: number;
  socketURL: string;
  action: "listen" | "connect";
}

export type Device =
  | BlkDevice
  | NetDevice
  | VsockDevice
  | { kind: "virtio-rng" }
  | { kind: "virtio-serial"; logFilePath: string }
  | { kind: "virtio-fs"; sharedDir: string; mountTag: string }
  | { kind: "virtio-gpu"; width: number; height: number }
  | { kind: "virtio-input"; type: "keyboard" | "pointing" };

/** @throws {ValueError} */
export function parseDevice(text: string): Device {
  const [label = "", ...rest] = text.split(",");
  // It looks at nothing behind its name.
  if (label === "virtio-rng") return { kind: "virtio-rng" };
  const parse = Object.hasOwn(PARSERS, label) ? PARSERS[label] : undefined;
  if (parse === undefined) {
    throw new ValueError(`invalid virtio device label specified: ${label}`);
  }
  const items = new Items(label, rest);
  const device = parse(items);
  items.end();
  return device;
}

const PARSERS: Readonly<Record<string, (items: Items) => Device>> = {
  "virtio-blk": parseDisk,
  "virtio-net": parseCard,
  "virtio-vsock": parseVsock,
  "virtio-serial": (items) => ({
    kind: "virtio-serial",
    logFilePath: items.require("logFilePath"),
  }),
  "virtio-fs": (items) => ({
    kind: "virtio-fs",
    sharedDir: items.require("sharedDir"),
    mountTag: items.require("mountTag"),
  }),
  "virtio-gpu": (items) => ({
    kind: "virtio-gpu",
    height: number(items.require("height"), "height"),
    width: number(items.require("width"), "width"),
  }),
  "virtio-input": parseInput,
};

function parseDisk(items: Items): Device {
  const path = items.require("path");
  const format = (items.take("format") ?? "raw").toLowerCase();
  if (format !== "raw" && format !== "qcow2") throw new ValueError("unsupported disk image format");
  return { kind: "virtio-blk", path, format };
}

function parseCard(items: Items): Device {
  const old = items.take("unixSocketPath");
  const type = items.take("type");
  if (old !== undefined && type !== undefined) {
    throw new ValueError(
      'virtio-net device arguments "type" and "unixSocketPath" are mutually exclusive and cannot ' +
        "be used together",
    );
  }
  if (old !== undefined) {
    const mac = parseMac(items.require("mac"));
    const on = { offloading: true, vfkitMagic: true };
    return { kind: "virtio-net", mac, type: "unixgram", path: old, fd: null, ...on };
  }
  if (type === undefined) {
    throw new ValueError('virtio-net device is missing "type" or "unixSocketPath"');
  }
  if (type !== "unixgram" && type !== "unixstream") {
    throw new ValueError(`virtio-net unsupported "type" input ${type}`);
  }
  const path = items.take("path") ?? null;
  const fd = items.take("fd");
  if (path !== null && fd !== undefined) {
    throw new ValueError(
      'virtio-net device arguments "path" and "fd" are mutually exclusive and cannot be used ' +
        "together",
    );
  }
  const mac = parseMac(items.require("mac"));
  const offloading = flag(items.take("offloading"));
  const magic = items.take("vfkitMagic");
  if (magic !== undefined && type !== "unixgram") {
    throw new ValueError('virtio-net only "type=unixgram" supports the vfkitMagic argument');
  }
  return {
    kind: "virtio-net",
    mac,
    type,
    path,
    fd: fd === undefined ? null : number(fd, "fd"),
    offloading,
    vfkitMagic: flag(magic),
  };
}

function flag(text: string | undefined): boolean {
  if (text === undefined || text === "off" || text === "false") return false;
  if (text === "on" || text === "true") return true;
  throw new ValueError(`invalid boolean value ${text}`);
}

function parseMac(text: string): string {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) {
    throw new ValueError('virtio-net unable to parse address from "mac" argument');
  }
  return text.replaceAll("-", ":").toUpperCase();
}

function parseVsock(items: Items): Device {
  const port = number(items.require("port"), "port");
  const socketURL = items.require("socketURL");
  const complaint = "unexpected value for virtio-vsock argument";
  const listen = items.word("listen", complaint);
  const connect = items.word("connect", complaint);
  if (listen && connect) {
    throw new ValueError(
      'virtio-vsock argument "listen" and "connect" are mutually exclusive and cannot be used ' +
        "together.",
    );
  }
  return { kind: "virtio-vsock", port, socketURL, action: connect ? "connect" : "listen" };
}

function parseInput(items: Items): Device {
  const complaint = "unexpected value for virtio-input argument";
  if (items.word("keyboard", complaint)) return { kind: "virtio-input", type: "keyboard" };
  if (items.word("pointing", complaint)) return { kind: "virtio-input", type: "pointing" };
  throw new ValueError("virtio-input is missing argument: keyboard or pointing");
}

function number(text: string, what: string): number {
  if (/^\+?\d+$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
  throw new ValueError(`${what} argument invalid`);
}
