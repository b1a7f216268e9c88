/** Addresses as numbers. */

/** The network, and which of its addresses are whose. */
export interface Subnet {
  /** The host's own address, the first of the range. */
  gateway: number;
  /** The last one that DHCP gives away. */
  end: number;
  mask: number;
}

/** `192.168.64.1` */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** The reverse of {@linkcode dotted}, for what this stand-in has written itself. */
export function undotted(text: string): number {
  return text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Length of the prefix; undefined for a mask with holes. */
export function prefixLength(mask: number): number | undefined {
  const zeros = 32 - Math.log2(2 ** 32 - mask);
  return Number.isInteger(zeros) ? zeros : undefined;
}

export function networkOf({ gateway, mask }: Subnet): number {
  return (gateway & mask) >>> 0;
}

export function broadcastOf({ gateway, mask }: Subnet): number {
  return (gateway | ~mask) >>> 0;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return networkOf(a) <= broadcastOf(b) && networkOf(b) <= broadcastOf(a);
}

/** RFC 1918. */
export function isPrivate(address: number): boolean {
  return address >>> 24 === 10 || address >>> 20 === 0xac1 || address >>> 16 === 0xc0a8;
}
