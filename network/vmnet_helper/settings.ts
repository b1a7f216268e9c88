/** The keys of `[networks.NAME]` for the provider `vmnet-helper`. */
import type { SettingsIssue } from "../../plugins/contract.ts";
import { defineSettings, type Settings } from "../../plugins/settings.ts";
import { LEASES_FILE } from "../apple_settings.ts";
import { isIpv4 } from "../ipv4.ts";
import { parseSubnet } from "./subnet.ts";

const SPECS = {
  mode: {
    type: "enum",
    values: ["shared", "host", "bridged"],
    default: "shared",
    description: "shared: out through the Mac; host: the Mac and its guests only; bridged: the LAN",
  },
  interface: {
    type: "string",
    check: (value: string) =>
      /^[^\s/]{1,15}$/.test(value) ? undefined : 'must be an interface such as "en0"',
    description: "with mode = bridged, the Mac's interface that guests share",
  },
  subnet: {
    type: "string",
    check: (value: string) => {
      const subnet = parseSubnet(value);
      return "complaint" in subnet ? subnet.complaint : undefined;
    },
    description: "subnet with a fixed address for each machine; without it, DHCP of vmnet's own",
  },
  nameservers: {
    type: "string[]",
    // macOS's own server at the gateway does not answer on many managed Macs (section 1.11).
    default: ["1.1.1.1", "8.8.8.8"],
    check: (value: string) => isIpv4(value) ? undefined : "must be a list of IPv4 addresses",
    description: "name servers of machines with a fixed address",
  },
  isolation: {
    type: "boolean",
    default: false,
    description: "keep the machines of the network from reaching each other",
  },
  offload: {
    type: "boolean",
    default: false,
    description: "leave checksums and packet sizes to the Mac (krunkit, macOS 26.2 or newer)",
  },
  broker_network: {
    type: "string",
    check: (value: string) => value === "" ? "must be the name of a network" : undefined,
    description:
      "name of a network of vmnet-broker (macOS 26 or newer), instead of mode and subnet",
  },
  transport: {
    type: "enum",
    values: ["auto", "fd", "socket"],
    default: "auto",
    description: "how frames get to the hypervisor; socket where descriptors cannot be handed over",
  },
  sudo: {
    type: "enum",
    values: ["auto", "always", "never"],
    default: "auto",
    description: "start the helper as root; auto: where macOS is older than 26",
  },
  program: {
    type: "path",
    description: "the program vmnet-helper; looked for where its packages put it if not set",
  },
  leases_file: LEASES_FILE,
} as const;

/** A table with its types. */
export type VmnetSettings = Settings<typeof SPECS>;

/** Settings of the provider; `read` gives them with their types. */
export const vmnetSettings = defineSettings(SPECS, together);

/** What vmnet-helper refuses (sections 1.1 and 1.7), and what would be passed over in silence. */
function together(settings: VmnetSettings): SettingsIssue[] {
  const { mode, subnet, isolation, offload, transport, broker_network } = settings;
  const bridged = mode === "bridged";
  const issues: [path: string, wrong: boolean, message: string][] = [
    ["interface", bridged && settings.interface === undefined, 'is needed with mode = "bridged"'],
    ["interface", !bridged && settings.interface !== undefined, 'goes with mode = "bridged" only'],
    ["subnet", bridged && subnet !== undefined, 'goes with the modes "shared" and "host" only'],
    ["isolation", bridged && isolation, 'goes with the modes "shared" and "host" only'],
    ["offload", offload && transport === "fd", 'goes with transport = "socket" or "auto"'],
  ];
  if (broker_network !== undefined) {
    issues.push(
      ["broker_network", mode !== "shared", "brings its own mode: leave out mode"],
      ["broker_network", subnet !== undefined, "brings its own subnet: leave out subnet"],
    );
  }
  return issues.filter(([, wrong]) => wrong).map(([path, , message]) => ({
    path: [path],
    message,
  }));
}
