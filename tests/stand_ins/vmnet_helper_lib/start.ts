/** Asks vmnet for the interface of a command line, and plays how vmnet refuses. */
import type { Settings } from "./command_line.ts";
import type { StandInOptions } from "./environment.ts";
import { HelperError, VmnetError } from "./error.ts";
import { startInterface, type VmnetInterface } from "./interface.ts";
import type { Subnet } from "./ipv4.ts";
import * as log from "./log.ts";
import { isValid, type Wanted } from "./network.ts";
import { hang } from "./signals.ts";
import { inetAton } from "./values.ts";

/** Third byte of 192.168.X.0/24 from which vmnet looks for a free network (integration.md). */
const FIRST = { shared: 64, host: 128 } as const;
/** A status of Apple's that vmnet-helper has no name for, e.g. 1009: the service is busy. */
const BUSY = "(unknown status)";

/** @throws {HelperError} */
export async function startVmnet(
  settings: Settings,
  options: StandInOptions,
): Promise<VmnetInterface> {
  const { network, interfaceId } = settings;
  log.debug("[main] starting vmnet interface");
  if (network !== undefined) {
    requireBroker(network, options);
    if (interfaceId !== undefined) log.warn("[main] --interface-id is ignored with --network");
  }
  const call = network === undefined
    ? "vmnet_start_interface"
    : "vmnet_interface_start_with_network";
  if (!mayStart(options) || options.start === "fail") throw new VmnetError(call, "VMNET_FAILURE");
  if (options.start === "busy") throw new VmnetError(call, BUSY);
  if (options.start === "hang") return await hang();
  const wanted = wantedOf(settings);
  if (wanted.kind === "subnet" && wanted.subnet !== undefined && !isValid(wanted.subnet)) {
    throw new VmnetError(call, "VMNET_INVALID_ARGUMENT");
  }
  const started = await startInterface(call, wanted, settings.isolated, options);
  if (started !== "conflict") return started;
  // vmnet-helper#121: "never return or fail with unknown status".
  if (options.conflict === "busy") throw new VmnetError(call, BUSY);
  return await hang();
}

/** Root may; anybody else only from macOS 26 on, with a program that has the entitlement. */
function mayStart({ root, macosVersion, release }: StandInOptions): boolean {
  return root || (macosVersion >= 26 && release.has("rootless"));
}

function requireBroker(name: string, { broker }: StandInOptions): void {
  const fail = (reason: string) => {
    throw new HelperError(`[main] failed to acquire network "${name}": ${reason}`);
  };
  if (broker === undefined) fail("Failed to send XPC message to broker");
  else if (!broker.includes(name)) fail("Network name not found");
}

function wantedOf(settings: Settings): Wanted {
  const { network, mode = "shared", sharedInterface = "" } = settings;
  if (network !== undefined) {
    const first = network === "host" ? FIRST.host : FIRST.shared;
    return { kind: "subnet", name: `network:${network}`, first };
  }
  if (mode === "bridged") return { kind: "bridged", to: sharedInterface };
  const subnet = subnetOf(settings);
  return {
    kind: "subnet",
    name: mode,
    first: FIRST[mode],
    ...(subnet === undefined ? {} : { subnet }),
  };
}

function subnetOf({ start = "", end = "", mask = "" }: Settings): Subnet | undefined {
  const [gateway, last, bits] = [start, end, mask].map(inetAton);
  if (gateway === undefined || last === undefined || bits === undefined) return undefined;
  return { gateway, end: last, mask: bits };
}
