/** The cards' sockets, as libkrun makes them. */
import { VfkitError } from "../vfkit_lib/error.ts";
import {
  bindUnix,
  connectUnix,
  datagramSocket,
  isDatagramSocket,
  sendDatagram,
  setBuffers,
} from "../vfkit_lib/libc.ts";
import type { NetDevice } from "./devices.ts";
import type { StandInOptions } from "./environment.ts";
import { KrunkitError } from "./error.ts";

/** `sun_path` of macOS. */
const SUN_PATH_BYTES = 104;
const SEND_BYTES = 7 << 20;
const RECEIVE_BYTES = 7 << 20;

/** Refuses, while the machine is being made, a card that is plugged into nothing. */
export function checkCard({ path, fd, type }: NetDevice): void {
  if (path !== null || fd !== null) return;
  const backend = type === "unixgram" ? "unix datagram" : "unix stream";
  throw new KrunkitError(
    `virtio-net unable to add device with ${backend} backend SocketConfig { path: None, fd: None }`,
  );
}

/**
 * QEMU's words for what the card is plugged into.
 * @param index of the card
 * @throws {VfkitError} when the peer cannot be reached
 */
export function plug(
  net: NetDevice,
  index: number,
  { libkrun }: StandInOptions,
): { netdev: string; fd?: number } {
  if (net.type === "unixstream") {
    return net.fd === null
      ? { netdev: `stream,server=off,addr.type=unix,addr.path=${net.path}` }
      : { netdev: `stream,server=off,addr.type=fd,addr.str=${net.fd}`, fd: net.fd };
  }
  const fd = net.fd === null ? connectUnixgram(net, index, libkrun) : net.fd;
  if (!isDatagramSocket(fd)) throw new VfkitError("the descriptor is no datagram socket");
  return { netdev: `dgram,local.type=fd,local.str=${fd}`, fd };
}

/** Binds a socket of its own name, over a file of that name, and leaves it behind at the end. */
function connectUnixgram(
  { path, vfkitMagic }: NetDevice,
  index: number,
  libkrun: StandInOptions["libkrun"],
): number {
  const local = libkrun === "1.18"
    ? `${path}-krun.sock`
    : `${Deno.env.get("TMPDIR") ?? "/tmp"}/krun-net-${Deno.pid}-${index}.sock`;
  if (new TextEncoder().encode(local).length >= SUN_PATH_BYTES) {
    throw new VfkitError(`the path ${local} is too long`);
  }
  try {
    Deno.removeSync(local);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const fd = datagramSocket();
  bindUnix(fd, local);
  connectUnix(fd, path ?? "");
  setBuffers(fd, SEND_BYTES, RECEIVE_BYTES);
  if (vfkitMagic) sendDatagram(fd, "VFKT");
  return fd;
}
