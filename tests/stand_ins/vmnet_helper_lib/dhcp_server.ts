/**
 * Answers the DHCP messages of a helper's own guest. On a Mac one bootpd does so for all; here the
 * helpers find in each other's aliases which addresses are taken.
 */
import { type DhcpMessage, TYPE_DISCOVER, TYPE_REQUEST } from "../mac_lib/dhcp.ts";
import { LEASE_SECONDS, takenAddresses, writeLease } from "../mac_lib/leases.ts";
import type { StandInOptions } from "./environment.ts";
import { dhcpReply, type ReplyType } from "./dhcp_reply.ts";
import { dotted, type Subnet, undotted } from "./ipv4.ts";
import { change, exclusively, links } from "./links.ts";
import { type Network, portAlias, readPort } from "./network.ts";

/** The server of one helper. */
export class DhcpServer {
  /** Addresses by MAC, of this helper's guest. */
  readonly #given = new Map<string, number>();

  constructor(
    readonly network: Network & { subnet: Subnet },
    /** The helper's own card. */
    readonly card: string,
    readonly options: StandInOptions,
  ) {}

  /** The frame that answers; undefined when there is no answer. */
  async answer(message: DhcpMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { subnet, mac } = this.network;
    const reply = (type: ReplyType, address = 0) =>
      dhcpReply(type, message, address, { mac, subnet, leaseSeconds: LEASE_SECONDS });
    if (message.type !== TYPE_DISCOVER && message.type !== TYPE_REQUEST) return undefined;
    // It has chosen another server.
    if (message.serverId !== undefined && message.serverId !== subnet.gateway) return undefined;
    const address = await this.#addressOf(message);
    if (address === undefined) return undefined;
    if (message.type === TYPE_DISCOVER) return reply("offer", address);
    const asked = message.requestedAddress ?? message.clientAddress;
    if (asked !== address) return reply("nak");
    const { leasesPath, macosVersion } = this.options;
    if (leasesPath !== undefined) {
      await writeLease(leasesPath, { ...message, address: dotted(address) }, macosVersion);
    }
    return reply("ack", address);
  }

  /** The same for the same MAC, unless somebody has taken it; undefined when none is left. */
  async #addressOf(message: DhcpMessage): Promise<number | undefined> {
    const key = [...message.mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const known = this.#given.get(key);
    if (known !== undefined) return known;
    return await exclusively(async () => {
      const { subnet, bridge } = this.network;
      const ports = (await links()).filter(({ master, ifname }) =>
        master === bridge && ifname !== this.card
      );
      const { leasesPath, macosVersion } = this.options;
      const leased = leasesPath === undefined
        ? []
        : await takenAddresses(leasesPath, message, macosVersion);
      const taken = new Set([
        ...ports.flatMap((port) => [...readPort(port)?.values() ?? []]),
        ...leased.map(undotted),
        ...this.#given.values(),
      ]);
      const size = subnet.end - subnet.gateway;
      for (let i = 0; i < size; i++) {
        const address = subnet.gateway + 1 + (Number.parseInt(key, 16) + i) % size;
        if (taken.has(address)) continue;
        this.#given.set(key, address);
        await change([`link set dev ${this.card} alias "${portAlias(this.#given)}"`]);
        return address;
      }
      return undefined;
    });
  }
}
