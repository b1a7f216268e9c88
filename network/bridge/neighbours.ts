/** Addresses that this computer has met on a bridge. */
import type { Host } from "../../plugins/contract.ts";
import { toolPath } from "../linux_tools.ts";

/** States of an entry that names no address (ip-neighbour(8)). */
const UNKNOWN_STATES = new Set(["FAILED", "INCOMPLETE", "NONE"]);

/**
 * The IPv4 address of a MAC, from the kernel's neighbour table; undefined when this computer has
 * not spoken with it. It has only where it has an address on the bridge itself.
 */
export async function neighbourOf(
  host: Host,
  bridge: string,
  mac: string,
): Promise<string | undefined> {
  const argv = ["-json", "-4", "neighbour", "show", "dev", bridge];
  const { code, stdout } = await host.run([toolPath(host, "ip"), ...argv]);
  if (code !== 0) return undefined;
  const entries: unknown = JSON.parse(stdout.trim() || "[]");
  if (!Array.isArray(entries)) return undefined;
  const found = entries.find(({ lladdr, state }) =>
    lladdr === mac && Array.isArray(state) && !state.some((word) => UNKNOWN_STATES.has(word))
  );
  return typeof found?.dst === "string" ? found.dst : undefined;
}
