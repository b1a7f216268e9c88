/** Named network namespaces, as `ip netns` keeps them. */
import type { Host } from "../plugins/contract.ts";
import { runTool, type ToolOptions, toolPath } from "./linux_tools.ts";

/** Where ip-netns(8) mounts them. */
const FOLDER = "/run/netns";

/** The file that stands for a namespace. */
export function namespacePath(name: string): string {
  return `${FOLDER}/${name}`;
}

/** False too for the plain file that `ip netns add` leaves when it is killed in the middle. */
export async function namespaceExists(host: Host, name: string): Promise<boolean> {
  if (!host.exists(namespacePath(name))) return false;
  const argv = [toolPath(host, "ip"), "-netns", name, "link", "show", "dev", "lo"] as const;
  return (await host.run(argv)).code === 0;
}

/** Makes the namespace unless it is there. */
export async function ensureNamespace(
  host: Host,
  name: string,
  options: ToolOptions = {},
): Promise<void> {
  if (await namespaceExists(host, name)) return;
  await removeNamespace(host, name);
  await runTool(host, "ip", ["netns", "add", name], options);
}

/** Removes the namespace with every interface in it; one that is not there is no failure. */
export async function removeNamespace(host: Host, name: string): Promise<void> {
  if (!host.exists(namespacePath(name))) return;
  await runTool(host, "ip", ["netns", "delete", name]);
}

/**
 * Switches IPv6 on or off for an interface of a namespace. By a shell, because `ip` cannot, and
 * /proc/sys/net shows the namespace of whoever looks.
 */
export async function setIpv6(
  host: Host,
  namespace: string,
  interfaces: readonly string[],
  enabled: boolean,
  options: ToolOptions = {},
): Promise<void> {
  const value = enabled ? "0" : "1";
  const script = "value=$1; shift; cd /proc/sys/net/ipv6/conf 2>/dev/null || exit 0; " +
    'for name; do echo "$value" >"$name/disable_ipv6" || exit 1; done';
  await runTool(host, "nsenter", [
    `--net=${namespacePath(namespace)}`,
    ...["--", "sh", "-c", script, "sh", value, ...interfaces],
  ], options);
}
