/** What an ADD gave (CNI specification 1.1, section 5, "Success"). */
import type { GuestNetwork, Json, JsonObject } from "../../plugins/contract.ts";
import { isTable } from "./conflist.ts";

/** One address of the container's interface. */
export interface ResultAddress {
  /** With prefix length. */
  cidr: string;
  gateway?: string;
}

const DEFAULT_ROUTES = new Set(["0.0.0.0/0", "::/0"]);
/** What a card has unless it is told otherwise (RFC 894). */
const ETHERNET_MTU_BYTES = 1500;

/** The addresses of the interface in the container; results also tell of bridges and veths outside. */
export function addressesOf(result: JsonObject): ResultAddress[] {
  const interfaces = listOf(result["interfaces"]);
  return listOf(result["ips"]).flatMap((ip) => {
    const { address, gateway, interface: index } = ip;
    if (typeof address !== "string" || !address.includes("/")) return [];
    if (typeof index === "number") {
      const sandbox = interfaces[index]?.["sandbox"];
      if (typeof sandbox !== "string" || sandbox === "") return [];
    }
    return [{ cidr: address, ...(typeof gateway === "string" && gateway ? { gateway } : {}) }];
  });
}

/** An address without its prefix length. */
export function ipOf({ cidr }: ResultAddress): string {
  return cidr.slice(0, cidr.indexOf("/"));
}

/** The first IPv4 address, by which the guest is reached. */
export function firstIpv4(result: JsonObject): ResultAddress | undefined {
  return addressesOf(result).find(({ cidr }) => !cidr.includes(":"));
}

/** How the guest sets up its card; undefined where the network has no addresses to give. */
export function guestNetworkOf(result: JsonObject, mtuBytes: number): GuestNetwork | undefined {
  const addresses = addressesOf(result);
  if (addresses.length === 0) return undefined;
  const routes = routesOf(result, addresses);
  const nameservers = nameserversOf(result["dns"]);
  return {
    addresses: addresses.map(({ cidr }) => cidr),
    ...(routes.length > 0 ? { routes } : {}),
    ...(nameservers === undefined ? {} : { nameservers }),
    ...(mtuBytes === ETHERNET_MTU_BYTES ? {} : { mtuBytes }),
  };
}

function routesOf(
  result: JsonObject,
  addresses: readonly ResultAddress[],
): { to: string; via: string }[] {
  return listOf(result["routes"]).flatMap(({ dst, gw }) => {
    if (typeof dst !== "string") return [];
    const sixth = dst.includes(":");
    // A route without its own gateway goes by the one of the address.
    const via = typeof gw === "string" && gw !== ""
      ? gw
      : addresses.find(({ cidr, gateway }) => gateway && cidr.includes(":") === sixth)?.gateway;
    return via === undefined ? [] : [{ to: normalised(dst), via }];
  });
}

/** `::0/0` and the like are the default route too. */
function normalised(destination: string): string {
  if (DEFAULT_ROUTES.has(destination) || !destination.endsWith("/0")) return destination;
  return destination.includes(":") ? "::/0" : "0.0.0.0/0";
}

function nameserversOf(dns: Json | undefined): GuestNetwork["nameservers"] {
  if (!isTable(dns)) return undefined;
  const addresses = textsOf(dns["nameservers"]);
  if (addresses.length === 0) return undefined;
  const search = textsOf(dns["search"]);
  const domain = typeof dns["domain"] === "string" && dns["domain"] ? [dns["domain"]] : [];
  const all = search.length > 0 ? search : domain;
  return { addresses, ...(all.length > 0 ? { search: all } : {}) };
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map((item) => isTable(item) ? item : {}) : [];
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
