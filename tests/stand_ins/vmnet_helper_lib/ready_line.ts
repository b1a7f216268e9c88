/** What vmnet tells of a started interface, and vmnet-helper prints as one line of JSON. */
import { randomInt } from "node:crypto";
import type { Settings } from "./command_line.ts";
import { macOf, type VmnetInterface } from "./interface.ts";
import { dotted } from "./ipv4.ts";

/** Frames, with and without large ones. */
const FRAME_BYTES = 1514;
const TSO_FRAME_BYTES = 65_550;
const MTU_BYTES = 1500;
const BATCH_PACKETS = 256;

export function maxFrameBytes({ tso }: Settings): number {
  return tso ? TSO_FRAME_BYTES : FRAME_BYTES;
}

/** One line with its end; the keys are in any order, for it is that of a dictionary. */
export async function readyLine(settings: Settings, started: VmnetInterface): Promise<string> {
  const { network } = started;
  const brokers = settings.network !== undefined;
  const id = (brokers ? undefined : settings.interfaceId) ?? crypto.randomUUID().toUpperCase();
  const of = (text: string) => sha256(text);
  const keys: Record<string, string | number> = {
    vmnet_mac_address: macOf(await of(`mac ${id}`)),
    vmnet_interface_id: id,
    vmnet_max_packet_size: maxFrameBytes(settings),
    vmnet_mtu: MTU_BYTES,
  };
  if (network !== undefined) {
    keys.vmnet_read_max_packets = BATCH_PACKETS;
    keys.vmnet_write_max_packets = BATCH_PACKETS;
    if (!brokers) {
      keys.vmnet_start_address = dotted(network.subnet.gateway);
      keys.vmnet_end_address = dotted(network.subnet.end);
      keys.vmnet_subnet_mask = dotted(network.subnet.mask);
    }
    if (settings.mode === "shared") keys.vmnet_nat66_prefix = prefix(await of(network.bridge));
  }
  // vmnet-helper adds these itself, behind vmnet's own.
  const added = network === undefined || !brokers ? {} : {
    // It says "subnet", and is the gateway's address.
    net_ipv4_subnet: dotted(network.subnet.gateway),
    net_ipv4_mask: dotted(network.subnet.mask),
    net_ipv6_prefix: prefix(await of(network.name)),
    net_ipv6_prefix_len: 64,
  };
  return `${JSON.stringify({ ...Object.fromEntries(shuffled(Object.entries(keys))), ...added })}\n`;
}

function shuffled<T>(items: readonly T[]): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const [one] = all.splice(randomInt(i + 1), 1);
    if (one !== undefined) all.push(one);
  }
  return all;
}

/** `fdXX:XXXX:XXXX:XXXX::` */
function prefix(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const groups = [
    0xfd00 | (bytes[0] ?? 0),
    view.getUint16(1),
    view.getUint16(3),
    view.getUint16(5),
  ];
  return `${groups.map((group) => group.toString(16)).join(":")}::`;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
