/** Writes leases in the format of macOS's bootpd: /var/db/dhcpd_leases. */
import type { DhcpRequest } from "./dhcp.ts";

/** bootpd's default. */
export const LEASE_SECONDS = 86_400;
const HARDWARE_ETHERNET = 1;

/** A guest's request and the address that it got. */
export interface Lease extends DhcpRequest {
  address: string;
}

/**
 * Adds a lease, in place of an older one of the same client. The file is replaced by a rename, as
 * bootpd does; several processes may write.
 */
export async function writeLease(path: string, lease: Lease, macosVersion: number): Promise<void> {
  using lock = await Deno.open(`${path}.lock`, { create: true, write: true });
  await lock.lock(true);
  const old = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const block = formatLease(lease, macosVersion, seconds() + LEASE_SECONDS);
  const identifier = identifierOf(block);
  const others = blocksOf(old).filter((other) => identifierOf(other) !== identifier);
  await Deno.writeTextFile(`${path}.new`, block + others.join(""));
  await Deno.rename(`${path}.new`, path);
}

/** Addresses that other clients still have by the file, which need not be there. */
export async function takenAddresses(
  path: string,
  client: DhcpRequest,
  macosVersion: number,
): Promise<string[]> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const own = identifierOf(formatLease({ ...client, address: "" }, macosVersion, 0));
  return blocksOf(text).flatMap((block) => {
    const [, address = "", expires = "0"] =
      /^\tip_address=(.*)$[^]*^\tlease=(0x[\da-f]+)$/m.exec(block) ?? [];
    return identifierOf(block) === own || Number(expires) <= seconds() ? [] : [address];
  });
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

function blocksOf(text: string): string[] {
  return text.match(/^\{\n[^}]*^\}\n/gm) ?? [];
}

function identifierOf(block: string): string | undefined {
  return /^\tidentifier=(.*)$/m.exec(block)?.[1];
}

/**
 * One block. Octets have no leading zeros. From macOS 15 on, the identifier of a client that sends
 * one that is not its MAC (RFC 4361) stands in the place of the MAC too.
 *
 * @param expires in seconds since 1970
 */
export function formatLease(lease: Lease, macosVersion: number, expires: number): string {
  const mac = octets([HARDWARE_ETHERNET, ...lease.mac]);
  const identifier = lease.clientId === undefined ? mac : octets(lease.clientId);
  const lines = [
    ...(lease.hostname === undefined ? [] : [`name=${lease.hostname}`]),
    `ip_address=${lease.address}`,
    `hw_address=${macosVersion >= 15 ? identifier : mac}`,
    `identifier=${identifier}`,
    `lease=0x${expires.toString(16)}`,
  ];
  return `{\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;
}

/** `1,52:54:0:aa:b:1`: the type, then the rest. */
function octets(bytes: Iterable<number>): string {
  const [type, ...rest] = [...bytes].map((byte) => byte.toString(16));
  return `${type},${rest.join(":")}`;
}
