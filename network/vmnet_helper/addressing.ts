/** Which addresses a card has: fixed ones of the network's subnet, or those of a DHCP server. */
import { CocoonError } from "../../errors/error.ts";
import type { AttachRequest, AttachResult } from "../../plugins/contract.ts";
import type { VmnetInterface } from "./ready_line.ts";
import type { VmnetSettings } from "./settings.ts";
import type { VmnetState } from "./state.ts";
import { fixedAddresses, parseSubnet } from "./subnet.ts";

/**
 * A machine with a seed on a network with a subnet has an address of its own, above those that DHCP
 * gives. Without a seed nobody would tell its guest, which then asks DHCP.
 * @throws {CocoonError} `conflict` when all addresses belong to machines
 */
export function addressing(
  { machine, nic, reservations }: AttachRequest,
  { subnet: cidr, mode, nameservers, leases_file }: VmnetSettings,
): { guest?: AttachResult["guest"]; state: Partial<VmnetState> } {
  // On a bridged network the LAN's own server gives the addresses.
  const leases = mode === "bridged" ? {} : { leasesPath: leases_file };
  if (cidr === undefined) return { state: leases };
  const subnet = parseSubnet(cidr);
  if ("complaint" in subnet) throw new TypeError(`the settings have accepted ${cidr}`);
  const { gateway, mask } = subnet;
  const asked = { ...leases, subnet: { gateway, mask } };
  if (!machine.disks.some(({ role }) => role === "seed")) return { state: asked };
  const ip = reserveAddress(nic.network, cidr, [...fixedAddresses(subnet)], reservations);
  return {
    state: { ...asked, ip },
    guest: {
      addresses: [`${ip}/${subnet.prefixLength}`],
      // A network of the mode `host` leads nowhere else.
      ...(mode === "host" ? {} : {
        routes: [{ to: "0.0.0.0/0", via: gateway }],
        nameservers: { addresses: nameservers },
      }),
    },
  };
}

function reserveAddress(
  network: string,
  cidr: string,
  candidates: string[],
  reservations: AttachRequest["reservations"],
): string {
  try {
    return reservations.reserve("address", candidates, () => true);
  } catch (cause) {
    if (!(cause instanceof CocoonError && cause.code === "conflict")) throw cause;
    throw new CocoonError(
      "conflict",
      `network "${network}": all ${candidates.length} fixed addresses of ${cidr} belong to machines`,
      { hint: "Remove machines that are no longer used, or choose a larger subnet.", cause },
    );
  }
}

/**
 * vmnet may have given another subnet than it was asked for.
 * @throws {CocoonError} `failed`
 */
export function checkSubnet(
  { network, subnet }: VmnetState,
  { gateway, mask }: VmnetInterface,
): void {
  if (subnet === undefined) return;
  const same = (gateway ?? subnet.gateway) === subnet.gateway &&
    (mask ?? subnet.mask) === subnet.mask;
  if (same) return;
  throw new CocoonError(
    "failed",
    `network "${network}": vmnet gave the gateway ${gateway ?? "?"} (${mask ?? "?"}), ` +
      `not ${subnet.gateway} (${subnet.mask})`,
    { hint: "Another program may have the subnet: choose another one as `subnet` of the network." },
  );
}
