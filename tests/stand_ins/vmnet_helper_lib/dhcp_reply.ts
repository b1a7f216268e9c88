/** Writes a DHCP server's answers (RFC 2131, RFC 2132) as Ethernet frames. */
import type { DhcpMessage } from "../mac_lib/dhcp.ts";
import { broadcastOf, type Subnet } from "./ipv4.ts";

export type ReplyType = "offer" | "ack" | "nak";

const TYPES = { offer: 2, ack: 5, nak: 6 } as const;
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const MESSAGE_BYTES = 300;
const OPTIONS_OFFSET = 240;
const TTL = 255;
const PROTOCOL_UDP = 17;
const EVERYBODY = 0xffff_ffff;

/** The server that answers, which is the gateway and knows the names. */
export interface Server {
  mac: string;
  subnet: Subnet;
  leaseSeconds: number;
}

/** @param address that the client gets; 0 with `nak` */
export function dhcpReply(
  type: ReplyType,
  message: DhcpMessage,
  address: number,
  server: Server,
): Uint8Array<ArrayBuffer> {
  const { gateway, mask } = server.subnet;
  const everybody = type === "nak" || message.broadcast;
  const ip = ETHERNET_BYTES;
  const udp = ip + IP_BYTES;
  const dhcp = udp + UDP_BYTES;
  const frame = new Uint8Array(dhcp + MESSAGE_BYTES);
  const view = new DataView(frame.buffer);

  frame.set(everybody ? Array(6).fill(0xff) : message.mac);
  frame.set(macBytes(server.mac), 6);
  view.setUint16(12, 0x0800);

  view.setUint8(ip, 0x45);
  view.setUint16(ip + 2, frame.length - ip);
  view.setUint8(ip + 8, TTL);
  view.setUint8(ip + 9, PROTOCOL_UDP);
  view.setUint32(ip + 12, gateway);
  view.setUint32(ip + 16, everybody ? EVERYBODY : address);
  view.setUint16(ip + 10, checksum(frame.subarray(ip, udp)));

  view.setUint16(udp, 67);
  view.setUint16(udp + 2, 68);
  view.setUint16(udp + 4, UDP_BYTES + MESSAGE_BYTES);

  frame.set([2, 1, 6], dhcp);
  view.setUint32(dhcp + 4, message.transactionId);
  if (message.broadcast) view.setUint16(dhcp + 10, 0x8000);
  if (type !== "nak") {
    view.setUint32(dhcp + 12, message.clientAddress);
    view.setUint32(dhcp + 16, address);
  }
  view.setUint32(dhcp + 20, gateway);
  frame.set(message.mac, dhcp + 28);
  frame.set([0x63, 0x82, 0x53, 0x63], dhcp + 236);
  frame.set([
    ...[53, 1, TYPES[type]],
    ...[54, 4, ...word(gateway)],
    ...(type === "nak" ? [] : [
      ...[51, 4, ...word(server.leaseSeconds)],
      ...[1, 4, ...word(mask)],
      ...[28, 4, ...word(broadcastOf(server.subnet))],
      ...[3, 4, ...word(gateway)],
      ...[6, 4, ...word(gateway)],
    ]),
    255,
  ], dhcp + OPTIONS_OFFSET);
  view.setUint16(udp + 6, udpChecksum(frame.subarray(ip)));
  return frame;
}

function word(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

function macBytes(text: string): number[] {
  return text.split(":").map((octet) => Number.parseInt(octet, 16));
}

/** Over the addresses, the protocol, the length and the datagram. */
function udpChecksum(packet: Uint8Array): number {
  const datagram = packet.subarray(IP_BYTES);
  const pseudo = [...packet.subarray(12, 20), 0, PROTOCOL_UDP, ...word(datagram.length).slice(2)];
  // 0 would say that there is none.
  return checksum(Uint8Array.of(...pseudo, ...datagram)) || 0xffff;
}

/** RFC 1071. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
