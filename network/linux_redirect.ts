/**
 * A TAP that is one with another interface: whatever comes in at one goes out at the other, by two
 * filters of tc(8) that match everything.
 */
import type { Host } from "../plugins/contract.ts";
import { inside, ipBatch, listLinks } from "./linux_links.ts";
import { setIpv6 } from "./linux_namespace.ts";
import { runTool, type ToolOptions } from "./linux_tools.ts";

/** The two interfaces, in their namespace. */
export interface TapPair {
  namespace: string;
  /** The one that leads outside. It keeps its addresses; they are the guest's. */
  card: string;
  /** Made here. */
  tap: string;
}

/** Makes the TAP, with the MTU of the card, and joins the two; both are up. */
export async function joinTap(
  host: Host,
  { namespace, card, tap }: TapPair,
  mtuBytes: number,
  options: ToolOptions = {},
): Promise<void> {
  await ipBatch(
    host,
    [
      // With the header that lets guest and host leave checksums and segmentation to each other.
      `tuntap add dev ${tap} mode tap vnet_hdr`,
      `link set dev ${tap} mtu ${mtuBytes}`,
    ],
    namespace,
    options,
  );
  // This side of the pair must not answer for the guest, nor speak beside it.
  await setIpv6(host, namespace, [card, tap], false, options);
  await ipBatch(host, [`link set dev ${tap} up`, `link set dev ${card} up`], namespace, options);
  await runTool(host, "tc", [...inside(namespace), "-batch", "-"], {
    ...options,
    stdin: [...redirect(card, tap), ...redirect(tap, card)].map((line) => `${line}\n`).join(""),
  });
}

function redirect(from: string, to: string): string[] {
  return [
    `qdisc add dev ${from} ingress`,
    `filter add dev ${from} parent ffff: protocol all prio 1 u32 match u32 0 0 ` +
    `action mirred egress redirect dev ${to}`,
  ];
}

/** Gives an interface of a namespace this MAC, unless it has it; answers its MTU in bytes. */
export async function claimCard(
  host: Host,
  namespace: string,
  card: string,
  mac: string,
  options: ToolOptions = {},
): Promise<number> {
  const link = (await listLinks(host, namespace, options)).find(({ name }) => name === card);
  if (link === undefined) throw new TypeError(`namespace ${namespace} has no ${card}`);
  if (link.mac.toLowerCase() !== mac.toLowerCase()) {
    await ipBatch(host, [`link set dev ${card} address ${mac}`], namespace, options);
  }
  return link.mtuBytes;
}
