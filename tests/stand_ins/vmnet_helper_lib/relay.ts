/** Carries frames between the guest's socket and the network. */
import { readDhcpMessage } from "../mac_lib/dhcp.ts";
import type { DhcpServer } from "./dhcp_server.ts";
import {
  type Bytes,
  CallError,
  EAGAIN,
  EBADF,
  ENOTSOCK,
  isNonBlocking,
  made,
  readable,
} from "./libc.ts";
import * as log from "./log.ts";
import { readTap, type Tap, writeTap } from "./tap.ts";

/** What `--stats-interval` reports of one direction. */
export interface Counters {
  packets: number;
  bytes: number;
  drops: number;
  fast: number;
  slow: number;
}

/** Both directions: `host` is what goes to the guest. */
export interface Stats {
  host: Counters;
  vm: Counters;
}

/** How forwarding ends: the guest's end was closed, or an error has been told. */
export type RelayEnd = "closed" | "failed";

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** The helper's own batch. */
const BATCH = 128;
/** vmnet takes nothing shorter than an Ethernet header. */
const ETHERNET_BYTES = 14;

/** With what it works. */
export interface RelayOptions {
  fd: number;
  /** `fd` was not handed to us: what it is now is something else. */
  absent: boolean;
  maxBytes: number;
  stats: Stats;
  /** The guest takes no packets. */
  stalled: boolean;
  dhcp?: DhcpServer;
}

/** Works until the guest's socket ends. */
export async function relay(tap: Tap, options: RelayOptions): Promise<RelayEnd> {
  log.debug("[vm->host] started");
  const buffer = new Uint8Array(options.maxBytes);
  let networkLives = true;
  while (true) {
    const end = fromGuest(tap, options, buffer);
    if (end !== undefined) {
      log.info("[vm->host] stopped");
      return end;
    }
    networkLives &&= fromNetwork(tap, options, buffer);
    // Waiting is left to the kernel: an idle helper costs nothing.
    await readable(options.fd, ...(networkLives ? [tap.fd] : []));
  }
}

/** Takes what is there, a batch at most. */
function fromGuest(tap: Tap, options: RelayOptions, buffer: Bytes): RelayEnd | undefined {
  const { fd, stats: { vm } } = options;
  for (let i = 0; i < BATCH; i++) {
    const frame = receive(options, buffer);
    if (frame === "nothing" && !isNonBlocking(fd)) return undefined;
    if (frame === "nothing") {
      // Here the helper would have waited.
      for (const call of ["recvmsg_x", "read"]) {
        log.error(`[vm->host] ${call}: Resource temporarily unavailable`);
      }
      return "failed";
    }
    if (frame === "failed") return frame;
    if (frame.length === 0) {
      log.info("[vm->host] socket was closed by peer");
      return "closed";
    }
    if (frame.length < ETHERNET_BYTES) {
      log.error("[vm->host] vmnet_write: VMNET_INVALID_ARGUMENT");
      return "failed";
    }
    vm.packets++;
    vm.bytes += frame.length;
    vm.fast++;
    if (!answered(frame, options)) writeTap(tap, frame);
  }
  return undefined;
}

function receive({ fd, absent }: RelayOptions, buffer: Bytes): Bytes | "nothing" | "failed" {
  const room = BigInt(buffer.length);
  try {
    if (absent) throw new CallError("recv", EBADF);
    const bytes = made("recv", (c) => c.recv(fd, buffer, room, MSG_DONTWAIT));
    return buffer.subarray(0, Number(bytes));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.errno === EAGAIN) return "nothing";
    log.error(`[vm->host] recvmsg_x: ${error.message}`);
    if (error.errno !== ENOTSOCK) {
      log.error(`[vm->host] read: ${error.message}`);
      return "failed";
    }
  }
  try {
    return buffer.subarray(0, Number(made("read", (c) => c.read(fd, buffer, room))));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    log.error(`[vm->host] read: ${error.message}`);
    return "failed";
  }
}

/** DHCP does not reach the network: bootpd answers. */
function answered(frame: Bytes, options: RelayOptions): boolean {
  const { dhcp } = options;
  const message = dhcp === undefined ? undefined : readDhcpMessage(frame);
  if (dhcp === undefined || message === undefined) return false;
  dhcp.answer(message).then((answer) => {
    if (answer !== undefined) send(answer, options);
  });
  return true;
}

/** Takes what is there, a batch at most; false when the card is gone. */
function fromNetwork(tap: Tap, options: RelayOptions, buffer: Bytes): boolean {
  try {
    for (let i = 0; i < BATCH; i++) {
      const frame = readTap(tap, buffer);
      if (frame === undefined) return true;
      send(frame, options);
    }
    return true;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (!tap.stopped) log.error("[host->vm] vmnet_read: VMNET_FAILURE");
    return false;
  }
}

/** What finds no room is dropped, as by the real one after ten tries. */
function send(frame: Bytes, { fd, stats: { host }, stalled }: RelayOptions): void {
  try {
    if (stalled) throw new CallError("send", EAGAIN);
    host.fast++;
    made("send", (c) => c.send(fd, frame, BigInt(frame.length), MSG_DONTWAIT | MSG_NOSIGNAL));
    host.packets++;
    host.bytes += frame.length;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    host.slow++;
    host.drops++;
    const full = error.errno === EAGAIN;
    const say = full ? log.debug : log.warn;
    for (const call of ["sendmsg_x", "write"]) {
      // What macOS calls a full buffer.
      say(`[host->vm] ${call}: ${full ? "No buffer space available" : error.message}`);
    }
  }
}
