/** What is remembered of an attachment. */
import type { JsonObject } from "../../plugins/contract.ts";
import type { AppleGuest } from "../apple_address.ts";

/** State of one card. */
export interface VmnetState extends AppleGuest {
  network: string;
  /** On the command line of this card's helper, and of no other process. */
  interfaceId: string;
  /** What the helper has printed. */
  outputPath: string;
  socketPath?: string;
  /** The subnet that was asked for, as the helper must have got it. */
  subnet?: { gateway: string; mask: string };
  /** The guest's fixed address. */
  ip?: string;
}

/** As the store keeps it. */
export function storedState(state: VmnetState): JsonObject {
  const { subnet, ...rest } = state;
  return { ...rest, ...(subnet === undefined ? {} : { subnet: { ...subnet } }) };
}

/** Undefined for what is no state of ours. */
export function readState(state: JsonObject): VmnetState | undefined {
  const { network, interfaceId, outputPath, mac, name } = state;
  const { leasesPath, socketPath, subnet, ip } = state;
  if (
    typeof network !== "string" || typeof interfaceId !== "string" ||
    typeof outputPath !== "string" || typeof mac !== "string" || typeof name !== "string"
  ) return undefined;
  return {
    ...{ network, interfaceId, outputPath, mac, name },
    ...(typeof leasesPath === "string" ? { leasesPath } : {}),
    ...(typeof socketPath === "string" ? { socketPath } : {}),
    ...(isSubnet(subnet) ? { subnet } : {}),
    ...(typeof ip === "string" ? { ip } : {}),
  };
}

function isSubnet(value: JsonObject[string] | undefined): value is VmnetState["subnet"] & object {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    typeof value["gateway"] === "string" && typeof value["mask"] === "string";
}
