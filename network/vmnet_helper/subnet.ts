/**
 * How a subnet of vmnet is divided: the Mac has the first address, its DHCP server the lower half,
 * and the upper half is for fixed addresses (vmnet leaves what is above its end address alone;
 * networking reference, section 1.6).
 */

/** A subnet, divided. */
export interface Subnet {
  /** `192.168.200.0/24` */
  cidr: string;
  prefixLength: number;
  mask: string;
  /** The Mac's own address, the guests' gateway. */
  gateway: string;
  /** The last address that DHCP gives. */
  dhcpEnd: string;
  /** Addresses of guests whose address is fixed: the first and the last. */
  fixed: { first: number; last: number };
}

/** Sizes that leave room on both sides and are no more than a machine's owner can mean. */
const [SHORTEST_PREFIX, LONGEST_PREFIX] = [16, 29];

/** RFC 1918; vmnet takes no others. */
const PRIVATE: readonly [base: string, prefixLength: number][] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
];

/** Reads `192.168.200.0/24`; answers the complaint about a text that is no such subnet. */
export function parseSubnet(text: string): Subnet | { complaint: string } {
  const match = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : numberOf(match[1]);
  if (match === null || address === undefined) {
    return { complaint: 'must be a subnet such as "192.168.200.0/24"' };
  }
  const prefixLength = Number(match[2]);
  if (prefixLength < SHORTEST_PREFIX || prefixLength > LONGEST_PREFIX) {
    return { complaint: `must have a prefix from /${SHORTEST_PREFIX} to /${LONGEST_PREFIX}` };
  }
  const size = 2 ** (32 - prefixLength);
  const base = address - address % size;
  if (base !== address) {
    return { complaint: `must be a subnet's first address: ${textOf(base)}/${prefixLength}` };
  }
  if (
    !PRIVATE.some(([net, prefix]) => Math.floor(base / 2 ** (32 - prefix)) === start(net, prefix))
  ) {
    return { complaint: "must be private: in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16" };
  }
  return {
    cidr: text,
    prefixLength,
    mask: textOf(2 ** 32 - size),
    gateway: textOf(base + 1),
    dhcpEnd: textOf(base + size / 2 - 1),
    fixed: { first: base + size / 2, last: base + size - 2 },
  };
}

/** All addresses for guests with a fixed one, in order. */
export function* fixedAddresses({ fixed }: Subnet): Generator<string> {
  for (let number = fixed.first; number <= fixed.last; number++) yield textOf(number);
}

function start(net: string, prefix: number): number {
  return Math.floor((numberOf(net) ?? 0) / 2 ** (32 - prefix));
}

function numberOf(text: string): number | undefined {
  const octets = text.split(".").map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
