/** A TAP that is a port of a bridge. */
import { CocoonError } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import { deleteLink, ipBatch, type LinkInfo, listLinks } from "../linux_links.ts";

/** What is made. */
export interface Port {
  /** Name of the network, for messages. */
  network: string;
  bridge: string;
  tap: string;
}

/**
 * Makes the port, with the bridge's MTU; one that a crash left is made anew. On failure nothing
 * is left.
 * @throws {CocoonError} `host-lacks` when there is no such bridge, naming those that there are
 */
export async function makePort(
  host: Host,
  { network, bridge, tap }: Port,
  signal: AbortSignal,
): Promise<void> {
  const links = await listLinks(host, undefined, { signal });
  const { mtuBytes } = bridgeIn(links, network, bridge);
  if (links.some(({ name }) => name === tap)) await deleteLink(host, tap);
  try {
    await ipBatch(
      host,
      [
        `tuntap add dev ${tap} mode tap vnet_hdr`,
        `link set dev ${tap} mtu ${mtuBytes}`,
        // This computer has no part in the guest's IPv6; the bridge has its own address.
        `link set dev ${tap} addrgenmode none`,
        `link set dev ${tap} master ${bridge} up`,
      ],
      undefined,
      { signal },
    );
  } catch (error) {
    await deleteLink(host, tap);
    throw error;
  }
}

/** The bridge of that name. */
export function bridgeIn(links: readonly LinkInfo[], network: string, bridge: string): LinkInfo {
  const found = links.find(({ name }) => name === bridge);
  if (found?.kind === "bridge") return found;
  const bridges = links.filter(({ kind }) => kind === "bridge").map(({ name }) => name);
  const what = found === undefined ? `there is no bridge ${bridge}` : `${bridge} is no bridge`;
  const others = bridges.length === 0 ? "" : `; there is ${bridges.join(", ")}`;
  throw new CocoonError("host-lacks", `network "${network}": ${what}${others}`, {
    hint: bridges.length === 0
      ? `Make it: sudo ip link add name ${bridge} type bridge && sudo ip link set ${bridge} up`
      : `Set bridge in [networks.${network}].`,
  });
}
