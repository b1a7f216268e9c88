/** Interfaces, as `ip -json` tells of them. */
import { CocoonError } from "../errors/error.ts";
import type { Host } from "../plugins/contract.ts";
import { runTool, type ToolOptions, toolPath } from "./linux_tools.ts";

/** One interface. */
export interface LinkInfo {
  name: string;
  mac: string;
  mtuBytes: number;
  /** Name of the bridge that it is a port of. */
  master?: string;
  /** `bridge`, `veth`, `tun`, ...; absent for hardware. */
  kind?: string;
}

/** All interfaces of this namespace, or of a named one. */
export async function listLinks(
  host: Host,
  namespace?: string,
  options: ToolOptions = {},
): Promise<LinkInfo[]> {
  const args = [...inside(namespace), "-json", "-details", "link", "show"];
  const text = await runTool(host, "ip", args, options);
  const parsed: unknown = JSON.parse(text.trim() || "[]");
  if (!Array.isArray(parsed)) throw new CocoonError("failed", "ip link: its answer is no list");
  return parsed.map((entry) => ({
    name: String(entry.ifname),
    mac: String(entry.address ?? ""),
    mtuBytes: Number(entry.mtu),
    ...(typeof entry.master === "string" ? { master: entry.master } : {}),
    ...(typeof entry.linkinfo?.info_kind === "string" ? { kind: entry.linkinfo.info_kind } : {}),
  }));
}

/** Runs several lines of `ip` in one process; the first that fails ends it. */
export async function ipBatch(
  host: Host,
  lines: readonly string[],
  namespace?: string,
  options: ToolOptions = {},
): Promise<void> {
  const stdin = lines.map((line) => `${line}\n`).join("");
  await runTool(host, "ip", [...inside(namespace), "-batch", "-"], { ...options, stdin });
}

/** Removes an interface; one that is not there is no failure. */
export async function deleteLink(host: Host, name: string, namespace?: string): Promise<void> {
  const args = [...inside(namespace), "link", "delete", "dev", name] as const;
  const { code, stderr } = await host.run([toolPath(host, "ip"), ...args]);
  if (code === 0 || /Cannot find device|does not exist/i.test(stderr)) return;
  throw new CocoonError("failed", `interface ${name}: cannot be removed: ${stderr.trim()}`);
}

/** The options of `ip` and `tc` that make them work in a namespace. */
export function inside(namespace: string | undefined): string[] {
  return namespace === undefined ? [] : ["-netns", namespace];
}
