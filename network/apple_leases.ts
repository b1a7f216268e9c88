/**
 * The leases that macOS's DHCP server has given, `/var/db/dhcpd_leases` (bootpd writes it for
 * Apple's NAT and for vmnet's shared and host networks; another file takes its place at every
 * change).
 */

import { isIpv4 } from "./ipv4.ts";

/** One lease. */
export interface Lease {
  /** The host name that the guest sent. */
  name?: string;
  /** IPv4 address, as written. */
  ip: string;
  /** Bytes of the hardware address; absent when the guest identified itself in another way. */
  mac?: number[];
  /** Seconds since 1970 at which it ends; 0 when the file does not tell. */
  expiresAt: number;
}

/**
 * Reads the file. Blocks stand between `{` and `}` lines; what is incomplete, as in a file that was
 * cut off, or unknown, is left out.
 */
export function parseLeases(text: string): Lease[] {
  const leases: Lease[] = [];
  let block: Map<string, string> | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "{") block = new Map();
    else if (line === "}") {
      const lease = block && leaseOf(block);
      if (lease !== undefined) leases.push(lease);
      block = undefined;
    } else {
      const equals = line.indexOf("=");
      if (equals > 0) block?.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }
  return leases;
}

function leaseOf(block: Map<string, string>): Lease | undefined {
  const ip = block.get("ip_address");
  if (ip === undefined || !isIpv4(ip)) return undefined;
  const name = block.get("name");
  const mac = hardwareAddress(block.get("hw_address") ?? "");
  const expiresAt = Number(/^0x[0-9a-f]{1,12}$/i.exec(block.get("lease") ?? "")?.[0] ?? 0);
  return {
    ip,
    expiresAt,
    ...(name ? { name } : {}),
    ...(mac === undefined ? {} : { mac }),
  };
}

/**
 * `1,52:54:0:aa:b:1`: the type Ethernet and six octets, written without leading zeros. Since macOS
 * 15, a client that identifies itself by something else has that here (`ff,f1:f5:...`, a DUID).
 */
function hardwareAddress(text: string): number[] | undefined {
  const comma = text.indexOf(",");
  return text.slice(0, comma) === "1" ? parseMac(text.slice(comma + 1)) : undefined;
}

/** The six bytes of an address with or without leading zeros; undefined for anything else. */
export function parseMac(text: string): number[] | undefined {
  const octets = text.split(":");
  if (octets.length !== 6 || !octets.every((octet) => /^[0-9a-f]{1,2}$/i.test(octet))) {
    return undefined;
  }
  return octets.map((octet) => parseInt(octet, 16));
}

/** Who is looked for. */
export interface LeaseQuery {
  mac: string;
  /** The guest's host name, for a lease that has no hardware address. */
  name: string;
  /** Seconds since 1970. */
  now: number;
}

/**
 * The guest's address: of its leases that have not ended, the one that ends last. A lease of its
 * name counts only without a hardware address, for another machine may have had the name.
 */
export function findLease(leases: readonly Lease[], query: LeaseQuery): string | undefined {
  const wanted = parseMac(query.mac);
  const current = leases.filter(({ expiresAt }) => expiresAt === 0 || expiresAt > query.now);
  const byMac = current.filter(({ mac }) => mac !== undefined && same(mac, wanted));
  const byName = current.filter(({ mac, name }) => mac === undefined && name === query.name);
  return latest(byMac) ?? latest(byName);
}

function same(a: readonly number[], b: readonly number[] | undefined): boolean {
  return b !== undefined && a.every((octet, i) => octet === b[i]);
}

/** A later block of the file wins where two end at the same time. */
function latest(leases: readonly Lease[]): string | undefined {
  return leases.reduce<Lease | undefined>(
    (best, lease) => best === undefined || lease.expiresAt >= best.expiresAt ? lease : best,
    undefined,
  )?.ip;
}
