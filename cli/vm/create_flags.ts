/** The flags that describe a new machine, shared by `create` and `run`. */
import type { FlagParametersForType } from "@stricli/core";
import { parseSize } from "../../config/size.ts";
import { checkMachineName, normalizeMac } from "../../guest/names.ts";
import type { Architecture, DiskBus, PortForward } from "../../plugins/contract.ts";
import { parseForward } from "../../plugins/port_forward.ts";
import type { RestartPolicy } from "../../state/machine_record.ts";
import { CD_SERIAL } from "../../vm/cd_disks.ts";
import { integerFlag, repeatedFlag, switchFlag, textFlag, valueFlag } from "../arguments.ts";
import { sizeFlag } from "../quantity_flags.ts";
import type { Frame } from "../command.ts";
import { backendNames, networkNames, storageNames } from "../plugin_names.ts";
import { newUserFlag, passwordFlag } from "./account_flags.ts";
import { FEATURE_FLAGS, type FeatureFlags } from "./feature_flags.ts";

/** Values of {@linkcode CREATE_FLAGS}; undefined = not given. */
export interface CreateFlags extends FeatureFlags {
  name?: string;
  cpus?: number;
  memory?: number;
  disk?: number;
  dataDisk?: readonly DataDiskWish[];
  network?: readonly string[];
  publish?: readonly PortForward[];
  mac?: string;
  user?: string;
  userData?: string;
  password?: string;
  sshKey?: readonly string[];
  kernel?: string;
  initrd?: string;
  cmdline?: string;
  backend?: string;
  storage?: string;
  architecture?: Architecture;
  restart?: RestartPolicy;
  vsock: boolean;
  sha256?: string;
  insecureUnverified: boolean;
}

/** An extra disk: `SIZE` or `NAME=SIZE`, with `,bus=BUS` behind it for another bus than virtio. */
export interface DataDiskWish {
  name?: string;
  sizeBytes: number;
  bus?: DiskBus;
}

/** The parser's declaration of {@linkcode CreateFlags}. */
export const CREATE_FLAGS: FlagParametersForType<CreateFlags, Frame> = {
  name: {
    kind: "parsed",
    parse: (input) => {
      checkMachineName(input);
      return input;
    },
    optional: true,
    placeholder: "NAME",
    brief: "Name and hostname (else made from the image's name)",
  },
  cpus: integerFlag("Virtual CPUs (else defaults.cpus)", 1),
  memory: sizeFlag("Memory (else defaults.memory)"),
  disk: sizeFlag("Size of the root disk (else defaults.disk, or the image's if that is larger)"),
  dataDisk: repeatedFlag(
    "An extra, empty disk: [NAME=]SIZE[,bus=virtio|nvme|usb]",
    "DISK",
    parseDataDisk,
  ),
  network: {
    ...repeatedFlag("Network to plug a card into (else the configured one)", "NETWORK", String),
    proposeCompletions: networkNames,
  },
  publish: repeatedFlag(
    "Port that leads into the guest: [ADDRESS:]PORT:GUESTPORT[/udp]",
    "FORWARD",
    parseForward,
  ),
  mac: valueFlag("MAC address of the first card (else a random one, kept)", "MAC", normalizeMac),
  user: newUserFlag("Account that is made in the guest (else defaults.user)"),
  userData: textFlag("cloud-init user-data that is merged with cocoon's own", "FILE"),
  password: passwordFlag("Password of the account; without it only the SSH key is let in"),
  sshKey: repeatedFlag("Public key file that is let in too", "FILE", String),
  kernel: textFlag("Boot this kernel directly, without firmware", "FILE"),
  initrd: textFlag("Initial RAM disk for --kernel", "FILE"),
  cmdline: textFlag("Kernel command line for --kernel", "TEXT"),
  backend: textFlag("Hypervisor (else the configured one)", "NAME", backendNames),
  storage: textFlag("Storage driver (else the configured one)", "NAME", storageNames),
  architecture: {
    kind: "enum",
    values: ["x86_64", "aarch64"],
    optional: true,
    brief: "CPU architecture (else this computer's)",
  },
  restart: {
    kind: "enum",
    values: ["no", "on-failure", "always"],
    optional: true,
    brief: "What to do when the machine ends by itself",
  },
  vsock: switchFlag("Give the guest a virtio-vsock device"),
  ...FEATURE_FLAGS,
  sha256: textFlag("Digest that the image must have", "HEX"),
  insecureUnverified: switchFlag("Take an image from a URL that nobody vouches for"),
};

/** Short forms of some of {@linkcode CREATE_FLAGS}. */
export const CREATE_ALIASES = { n: "name", c: "cpus", m: "memory", p: "publish" } as const;

/** Largest serial of a virtio-blk disk is 20 bytes; it is the disk's name. */
const DISK_NAME = /^[a-z][a-z0-9-]{0,19}$/;
/** Serials that cocoon gives to its own disks. */
export const OWN_SERIALS: readonly string[] = ["root", "seed", CD_SERIAL];
/** How the serials of layers and of the disk over them begin. */
const OWN_PREFIX = "cocoon-";

function parseDataDisk(input: string): DataDiskWish {
  const [disk = "", ...options] = input.split(",");
  const bus = options.length === 0 ? {} : { bus: parseBus(options) };
  const equals = disk.indexOf("=");
  if (equals < 0) return { sizeBytes: wholeDisk(disk), ...bus };
  const name = disk.slice(0, equals);
  if (!DISK_NAME.test(name) || OWN_SERIALS.includes(name) || name.startsWith(OWN_PREFIX)) {
    throw new RangeError(
      `expected a name of 1 to 20 lower-case letters, digits and hyphens ` +
        `(not ${OWN_SERIALS.join(" or ")}, and not ${OWN_PREFIX}...) before "=", got "${name}"`,
    );
  }
  return { name, sizeBytes: wholeDisk(disk.slice(equals + 1)), ...bus };
}

function parseBus(options: readonly string[]): DiskBus {
  const [, bus] = /^bus=(virtio|nvme|usb)$/.exec(options.join(",")) ?? [];
  if (bus === "virtio" || bus === "nvme" || bus === "usb") return bus;
  throw new RangeError(`expected bus=virtio, bus=nvme or bus=usb behind the comma`);
}

function wholeDisk(input: string): number {
  const sizeBytes = parseSize(input);
  if (sizeBytes < 1024 * 1024 || sizeBytes % 512 !== 0) {
    throw new RangeError(`expected at least 1M in whole sectors of 512 bytes, got "${input}"`);
  }
  return sizeBytes;
}
