/** Apple's NAT, as macOS offers it inside Virtualization.framework. */
import { CocoonError } from "../../errors/error.ts";
import type { AttachRequest, AttachResult, JsonObject } from "../../plugins/contract.ts";
import type { AppleGuest } from "../apple_address.ts";
import { natSettings } from "./settings.ts";

/**
 * Plugs a NIC into Apple's NAT: nothing is made on this computer.
 * @throws {CocoonError} `usage` for what Apple's NAT has not got
 */
export function attachAppleNat({ machine, nic, settings }: AttachRequest): AttachResult {
  const { leases_file, subnet } = natSettings.read(settings);
  const refuse = (what: string, hint: string) => {
    throw new CocoonError("usage", `network "${nic.network}": Apple's NAT ${what}`, { hint });
  };
  if (nic.forwards.length > 0) {
    refuse(
      "does not forward ports",
      "Leave out the forwards: the guest has an address that this computer reaches.",
    );
  }
  if (subnet !== undefined) {
    refuse("has the same subnet for all machines", "Remove `subnet` from the network's table.");
  }
  return {
    attachment: { kind: "vz-nat" },
    state: { mac: nic.mac, name: machine.name, leasesPath: leases_file },
    companions: [],
    links: [],
  };
}

/** The state of a NIC that {@linkcode attachAppleNat} has attached; undefined for any other. */
export function readAppleNatState(state: JsonObject): AppleGuest | undefined {
  const { mac, name, leasesPath } = state;
  return typeof mac === "string" && typeof name === "string" && typeof leasesPath === "string"
    ? { mac, name, leasesPath }
    : undefined;
}
