/** The setting `ssh_ports` of networks whose guests are reached through ports of this computer. */
import type { SettingSpec } from "../plugins/settings.ts";

/** The key `ssh_ports`. */
export const SSH_PORTS = {
  type: "string",
  // Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing
  // connections, so that only another server can be in the way.
  default: "22000-22999",
  check: (value) =>
    parsePortRange(value) ? undefined : 'must be a port range such as "22000-22999"',
  description: "ports of this computer that lead to the SSH servers of the machines",
} as const satisfies SettingSpec;

/** `FIRST-LAST`, both from 1 to 65535; undefined for anything else. */
export function parsePortRange(text: string): { first: number; last: number } | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  return first >= 1 && first <= last && last <= 65535 ? { first, last } : undefined;
}
