import { parseMac } from "./apple_leases.ts";
import { isIpv4 } from "./ipv4.ts";

/**
 * The IPv4 address of a hardware address in the output of `arp -an`, whose lines are
 * `? (192.168.64.5) at 52:54:0:aa:b:1 on bridge100 ifscope [bridge]`; octets have no leading zeros
 * on macOS. Lines without an address (`(incomplete)`) are passed over.
 */
export function findInArp(output: string, mac: string): string | undefined {
  const wanted = parseMac(mac)?.join();
  for (const line of output.split("\n")) {
    const [, ip = "", address = ""] = /\(([^)]+)\) at (\S+)/.exec(line) ?? [];
    if (isIpv4(ip) && wanted !== undefined && parseMac(address)?.join() === wanted) return ip;
  }
  return undefined;
}
