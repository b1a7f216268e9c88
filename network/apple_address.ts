/**
 * Where a guest on a network of macOS is: its NAT, and vmnet's shared and host networks, have the
 * DHCP server of macOS; on a bridged network the Mac only learns who has spoken to it.
 */
import type { Address, Host } from "../plugins/contract.ts";
import { findInArp } from "./apple_arp.ts";
import { findLease, parseLeases } from "./apple_leases.ts";

const SSH_PORT = 22;
/** Milliseconds for `arp -an`, which asks nobody. */
const ARP_TIMEOUT_MS = 5_000;

/** Who is looked for. */
export interface AppleGuest {
  mac: string;
  /** The guest's host name. */
  name: string;
  /** Absent = nobody's DHCP server here serves it. */
  leasesPath?: string;
}

/**
 * The guest's address: from the DHCP server's leases, else from this computer's table of
 * neighbours. Undefined until the guest has asked for one, or has spoken to this computer.
 */
export async function appleAddress(
  host: Host,
  { mac, name, leasesPath }: AppleGuest,
): Promise<Address | undefined> {
  const now = Math.floor(host.now().getTime() / 1000);
  const leases = leasesPath === undefined ? [] : parseLeases(await readText(leasesPath));
  const ip = findLease(leases, { mac, name, now }) ?? await askNeighbours(host, mac);
  return ip === undefined ? undefined : reachedAt(ip);
}

/** A guest whose every port answers at its own address. */
export function reachedAt(ip: string): Address {
  return { ip, ssh: { host: ip, port: SSH_PORT } };
}

/** Absent until the first lease; another file takes its place at every change. */
async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function askNeighbours(host: Host, mac: string): Promise<string | undefined> {
  const arp = host.which("/usr/sbin/arp");
  if (arp === undefined) return undefined;
  const { code, stdout } = await host.run([arp, "-an"], { timeoutMs: ARP_TIMEOUT_MS });
  return code === 0 ? findInArp(stdout, mac) : undefined;
}
