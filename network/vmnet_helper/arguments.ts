import type { VmnetSettings } from "./settings.ts";
import { parseSubnet } from "./subnet.ts";

/** How frames get to the hypervisor. */
export type Plug = { fd: number } | { socketPath: string };

/**
 * What vmnet-helper is told (networking reference, section 1.1).
 * @param interfaceId a UUID; it also tells this helper from all others in a list of processes
 */
export function helperArguments(
  settings: VmnetSettings,
  interfaceId: string,
  plug: Plug,
): string[] {
  return [
    ...("fd" in plug ? ["--fd", String(plug.fd)] : ["--socket", plug.socketPath]),
    "--interface-id",
    interfaceId,
    ...networkArguments(settings),
    ...(settings.isolation ? ["--enable-isolation"] : []),
    ...(settings.offload ? ["--enable-tso", "--enable-checksum-offload"] : []),
  ];
}

function networkArguments(settings: VmnetSettings): string[] {
  if (settings.broker_network !== undefined) return ["--network", settings.broker_network];
  const mode = ["--operation-mode", settings.mode];
  if (settings.interface !== undefined) return [...mode, "--shared-interface", settings.interface];
  if (settings.subnet === undefined) return mode;
  const subnet = parseSubnet(settings.subnet);
  if ("complaint" in subnet) throw new TypeError(`the settings have accepted ${settings.subnet}`);
  return [
    ...mode,
    ...["--start-address", subnet.gateway],
    ...["--end-address", subnet.dhcpEnd],
    ...["--subnet-mask", subnet.mask],
  ];
}

/** Always the same UUID for the same card, of version 8 (RFC 9562), in lower case. */
export async function interfaceIdOf(machineUuid: string, nicIndex: number): Promise<string> {
  const text = new TextEncoder().encode(`vmnet interface ${machineUuid} ${nicIndex}`);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).subarray(0, 16);
  bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x80;
  bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
