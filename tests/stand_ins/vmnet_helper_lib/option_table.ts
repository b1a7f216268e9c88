/** vmnet-helper's options and its usage text (programs/options.c). */
import type { OptionRow } from "./getopt.ts";
import type { Release } from "./versions.ts";

/** Those that the release has. */
export function optionsOf(release: Release): OptionRow[] {
  return [
    { long: "fd", short: "f", takesValue: true },
    { long: "socket", short: "s", takesValue: true },
    { long: "interface-id", short: "i", takesValue: true },
    { long: "operation-mode", takesValue: true },
    { long: "shared-interface", takesValue: true },
    { long: "start-address", takesValue: true },
    { long: "end-address", takesValue: true },
    { long: "subnet-mask", takesValue: true },
    { long: "enable-tso", takesValue: false },
    { long: "enable-checksum-offload", takesValue: false },
    { long: "enable-isolation", takesValue: false },
    { long: "list-shared-interfaces", takesValue: false },
    ...(release.has("network") ? [{ long: "network", takesValue: true }] : []),
    ...(release.has("stats") ? [{ long: "stats-interval", takesValue: true }] : []),
    { long: "verbose", short: "v", takesValue: false },
    { long: "version", takesValue: false },
    { long: "help", short: "h", takesValue: false },
  ];
}

const MODES = `
Modes:
    By default, vmnet-helper creates a new network using the specified options.
    With --network, vmnet-helper joins a network managed by vmnet-broker.

    --network is mutually exclusive with: --operation-mode, --shared-interface,
    --start-address, --end-address, --subnet-mask.

    --network requires macOS 26 or later.
`;

/** Printed on standard error, for `--help` too. */
export function usage(release: Release): string {
  const network = release.has("network");
  return `
Use vmnet interface without privileges

    vmnet-helper (--fd FD|--socket SOCKET) [--interface-id UUID]
                 [--operation-mode shared|bridged|host] [--shared-interface NAME]
                 [--start-address ADDR] [--end-address ADDR] [--subnet-mask MASK]
                 [--enable-tso] [--enable-checksum-offload] [--enable-isolation]
                 ${network ? "[--network NAME] " : ""}[--list-shared-interfaces]
${release.has("stats") ? "                 [--stats-interval SECONDS]\n" : ""}\
                 [-v|--verbose] [--version] [-h|--help]
${network ? MODES : ""}
`;
}
