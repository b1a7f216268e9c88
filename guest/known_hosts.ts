/** The file by which `ssh` knows a machine's host key before it first connects. */
import { replaceFile } from "./atomic_file.ts";

/**
 * The name under which a machine's host key is known. Its address and port change from start to
 * start, this does not.
 */
export function hostKeyAlias(machineId: string): string {
  return `cocoon-${machineId}`;
}

/**
 * The line by which a machine's host key is known.
 * @param hostPublicKey `ssh-ed25519 AAAA... comment`
 */
export function knownHostsLine(machineId: string, hostPublicKey: string): string {
  const [type, key] = hostPublicKey.split(" ");
  return `${hostKeyAlias(machineId)} ${type} ${key}\n`;
}

/**
 * Makes `path` the known-hosts file of one machine, in place of what was there; at once, also when
 * several processes do it.
 * @param hostPublicKey `ssh-ed25519 AAAA... comment`
 */
export async function writeKnownHosts(
  path: string,
  machineId: string,
  hostPublicKey: string,
): Promise<void> {
  await replaceFile(path, knownHostsLine(machineId, hostPublicKey), 0o600);
}
