/** The networks that vmnet has: one Linux bridge for each. */
import { dotted, isPrivate, overlap, prefixLength, type Subnet, undotted } from "./ipv4.ts";
import type { Link } from "./links.ts";

/** First word of the aliases of everything that helpers have made. */
const MARK = "vmnet";

/** What an interface is wanted for. */
export type Wanted =
  /** `name` is a mode, or that of a network of the broker's. */
  | { kind: "subnet"; name: string; subnet?: Subnet; first: number }
  | { kind: "bridged"; to: string };

/** A network that there is. */
export interface Network {
  bridge: string;
  /** The mode, the broker's name, or the bridged interface. */
  name: string;
  mac: string;
  /** None when bridged. */
  subnet?: Subnet;
  /** vmnet chose the addresses. */
  chosen: boolean;
}

/** `vmnet NAME CHOSEN START END MASK`, or `vmnet bridged INTERFACE` */
export function bridgeAlias({ name, subnet, chosen }: Omit<Network, "bridge" | "mac">): string {
  if (subnet === undefined) return `${MARK} bridged ${name}`;
  const addresses = [subnet.gateway, subnet.end, subnet.mask].map(dotted);
  return [MARK, name, chosen ? "chosen" : "given", ...addresses].join(" ");
}

/** The network of a bridge; undefined for one of somebody else's. */
export function readBridge({ ifname, ifalias = "", address = "" }: Link): Network | undefined {
  const [mark, name = "", how = "", ...addresses] = ifalias.split(" ");
  if (mark !== MARK || name === "port") return undefined;
  const base = { bridge: ifname, mac: address };
  const [gateway, end, mask] = addresses.map(undotted);
  if (gateway === undefined || end === undefined || mask === undefined) {
    return { ...base, name: how, chosen: false };
  }
  return { ...base, name, chosen: how === "chosen", subnet: { gateway, end, mask } };
}

/** `vmnet port 525400aa0b01=192.168.64.5 …`: the addresses that its guests have got. */
export function portAlias(given: ReadonlyMap<string, number>): string {
  const all = [...given].map(([mac, address]) => `${mac}=${dotted(address)}`);
  // The kernel takes 255 bytes.
  return [MARK, "port", ...all.slice(-8)].join(" ");
}

/** Addresses by MAC; undefined for what is no helper's card. */
export function readPort({ ifalias = "" }: Link): Map<string, number> | undefined {
  const [mark, kind, ...given] = ifalias.split(" ");
  if (mark !== MARK || kind !== "port") return undefined;
  return new Map(given.map((text) => {
    const [mac = "", address = ""] = text.split("=");
    return [mac, undotted(address)];
  }));
}

/** Networks that no helper uses any more: their last one was killed. */
export function abandoned(all: readonly Link[]): string[] {
  const used = new Set(all.filter((link) => readPort(link) !== undefined).map((l) => l.master));
  return all.flatMap((link) => readBridge(link)?.bridge ?? []).filter((name) => !used.has(name));
}

/**
 * The network to join, or the addresses of a new one; `conflict` where vmnet's callback never comes.
 * Who gives no addresses shares the network of all others of his mode who gave none.
 */
export function choose(
  wanted: Extract<Wanted, { kind: "subnet" }>,
  networks: readonly Network[],
): Network | Subnet | "conflict" {
  const { name, subnet, first } = wanted;
  const found = networks.find((network) =>
    network.name === name &&
    (subnet === undefined ? network.chosen : same(network.subnet, subnet))
  );
  if (found !== undefined) return found;
  const free = (tried: Subnet) =>
    networks.every((network) => network.subnet === undefined || !overlap(network.subnet, tried));
  if (subnet !== undefined) return free(subnet) ? subnet : "conflict";
  for (let third = first; third < 256; third++) {
    const gateway = undotted(`192.168.${third}.1`);
    const tried = { gateway, end: gateway + 253, mask: 0xffff_ff00 };
    if (free(tried)) return tried;
  }
  return "conflict";
}

function same(a: Subnet | undefined, b: Subnet): boolean {
  return a?.gateway === b.gateway && a.end === b.end && a.mask === b.mask;
}

/** What vmnet takes (RFC 1918, one network, an order); the rest is VMNET_INVALID_ARGUMENT. */
export function isValid({ gateway, end, mask }: Subnet): boolean {
  return prefixLength(mask) !== undefined && isPrivate(gateway) && isPrivate(end) &&
    gateway < end && ((gateway ^ end) & mask) === 0;
}
