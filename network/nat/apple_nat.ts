/** Apple's NAT, as macOS offers it inside Virtualization.framework. */
import { CocoonError } from "../../errors/error.ts";
import type {
  Address,
  AttachRequest,
  AttachResult,
  Host,
  JsonObject,
} from "../../plugins/contract.ts";
import { findInArp } from "./arp.ts";
import { findLease, parseLeases } from "./leases.ts";
import { natSettings } from "./settings.ts";

const SSH_PORT = 22;
/** Milliseconds for `arp -an`, which asks nobody. */
const ARP_TIMEOUT_MS = 5_000;

/** What `address` needs later, when the machine's record is all there is. */
interface AppleNatState {
  mac: string;
  /** The guest's host name. */
  name: string;
  leasesPath: string;
}

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
export function readAppleNatState(state: JsonObject): AppleNatState | undefined {
  const { mac, name, leasesPath } = state;
  return typeof mac === "string" && typeof name === "string" && typeof leasesPath === "string"
    ? { mac, name, leasesPath }
    : undefined;
}

/**
 * The guest's address: from the DHCP server's leases, else from this computer's table of
 * neighbours. Undefined until the guest has asked for one.
 */
export async function appleNatAddress(
  host: Host,
  { mac, name, leasesPath }: AppleNatState,
): Promise<Address | undefined> {
  const now = Math.floor(host.now().getTime() / 1000);
  const ip = findLease(parseLeases(await readText(leasesPath)), { mac, name, now }) ??
    await askNeighbours(host, mac);
  return ip === undefined ? undefined : { ip, ssh: { host: ip, port: SSH_PORT } };
}

/** Absent until the first lease; another file takes its place at every change. */
async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function askNeighbours(host: Host, mac: string): Promise<string | undefined> {
  const arp = host.which("/usr/sbin/arp");
  if (arp === undefined) return undefined;
  const { code, stdout } = await host.run([arp, "-an"], { timeoutMs: ARP_TIMEOUT_MS });
  return code === 0 ? findInArp(stdout, mac) : undefined;
}
