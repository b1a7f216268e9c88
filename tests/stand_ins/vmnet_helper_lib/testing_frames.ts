/** Frames of a guest, for tests. */
import { checksum } from "./dhcp_reply.ts";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** For experiments (IEEE 802). */
const ETHERTYPE_LOCAL = 0x88b5;

export function macBytes(text: string): number[] {
  return text.split(":").map((octet) => Number.parseInt(octet, 16));
}

function ethernet(to: string, from: string, type: number, payload: Iterable<number>) {
  return Uint8Array.of(...macBytes(to), ...macBytes(from), type >> 8, type & 0xff, ...payload);
}

const octets = (address: string) => address.split(".").map(Number);

/** A frame with a text. */
export function note(to: string, from: string, text: string): Uint8Array<ArrayBuffer> {
  return ethernet(to, from, ETHERTYPE_LOCAL, new TextEncoder().encode(text.padEnd(46)));
}

/** The text of such a frame, and who sent it. */
export function readNote(frame: Uint8Array): string | undefined {
  if (new DataView(frame.buffer, frame.byteOffset).getUint16(12) !== ETHERTYPE_LOCAL) {
    return undefined;
  }
  return new TextDecoder().decode(frame.subarray(14)).trim();
}

/** Asks who has `target`. */
export function arpRequest(mac: string, address: string, target: string): Uint8Array<ArrayBuffer> {
  return ethernet(BROADCAST, mac, 0x0806, [
    ...[0, 1, 8, 0, 6, 4, 0, 1],
    ...macBytes(mac),
    ...octets(address),
    ...Array(6).fill(0),
    ...octets(target),
  ]);
}

/** The MAC that an answer names. */
export function readArpReply(frame: Uint8Array): string | undefined {
  if (frame[12] !== 8 || frame[13] !== 6 || frame[21] !== 2) return undefined;
  return [...frame.subarray(22, 28)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** A ping. */
export function echoRequest(
  to: string,
  from: string,
  source: string,
  target: string,
): Uint8Array<ArrayBuffer> {
  const icmp = Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 1, ...Array(32).fill(7));
  new DataView(icmp.buffer).setUint16(2, checksum(icmp));
  return ipv4(to, from, 1, octets(source), octets(target), icmp);
}

/** True for the answer to a ping. */
export function readEchoReply(frame: Uint8Array): true | undefined {
  return frame[12] === 8 && frame[13] === 0 && frame[23] === 1 && frame[34] === 0
    ? true
    : undefined;
}

/** A DHCP message: discover is 1, request is 3. */
export function dhcpMessage(
  type: number,
  mac: string,
  more: { requested?: string; hostname?: string } = {},
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(300);
  message.set([1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78]);
  message.set(macBytes(mac), 28);
  message.set([0x63, 0x82, 0x53, 0x63, 53, 1, type], 236);
  const name = [...new TextEncoder().encode(more.hostname ?? "vm1")];
  message.set([
    ...[12, name.length, ...name],
    ...(more.requested === undefined ? [] : [50, 4, ...octets(more.requested)]),
    255,
  ], 243);
  const udp = [0, 68, 0, 67, (308 >> 8) & 0xff, 308 & 0xff, 0, 0];
  const payload = Uint8Array.of(...udp, ...message);
  return ipv4(BROADCAST, mac, 17, [0, 0, 0, 0], [255, 255, 255, 255], payload);
}

/** What a server's answer says. */
export interface DhcpAnswer {
  /** Offer is 2, acknowledgement 5, refusal 6. */
  type: number;
  address: string;
  options: Map<number, Uint8Array>;
}

export function readDhcpAnswer(frame: Uint8Array): DhcpAnswer | undefined {
  if (frame[23] !== 17 || frame[35] !== 67 || frame[37] !== 68) return undefined;
  const message = frame.subarray(42);
  const options = new Map<number, Uint8Array>();
  for (let at = 240; message[at] !== 255 && at < message.length;) {
    const length = message[at + 1] ?? 0;
    options.set(message[at] ?? 0, message.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return { type: options.get(53)?.[0] ?? 0, address: message.slice(16, 20).join("."), options };
}

function ipv4(
  to: string,
  from: string,
  protocol: number,
  source: number[],
  target: number[],
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const length = 20 + payload.length;
  const header = Uint8Array.of(
    ...[0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, 64, protocol, 0, 0],
    ...source,
    ...target,
  );
  new DataView(header.buffer).setUint16(10, checksum(header));
  return ethernet(to, from, 0x0800, [...header, ...payload]);
}
