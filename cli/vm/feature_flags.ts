/** The flags for what only some backends have, and what they come to. */
import type { FlagParametersForType } from "@stricli/core";
import { CocoonError } from "../../errors/error.ts";
import { unreadable } from "../../errors/file_error.ts";
import { absolute } from "../../host/path.ts";
import type {
  Capabilities,
  Devices,
  DiskBus,
  Feature,
  NetworkDisk,
  Share,
  Tuning,
} from "../../plugins/contract.ts";
import type { FeatureWish } from "../../plugins/features.ts";
import { integerFlag, repeatedFlag, switchFlag, type ValueFlag, valueFlag } from "../arguments.ts";
import type { Frame } from "../command.ts";

/** How much a wish is wanted: `if-available` does without where it cannot be had. */
export type Wanted = "on" | "if-available";

/** Rosetta's own share; `mount -t virtiofs rosetta DIR`. */
const ROSETTA_TAG = "rosetta";

/** Values of {@linkcode FEATURE_FLAGS}; undefined = not given. */
export interface FeatureFlags {
  share?: readonly Share[];
  rosetta: boolean;
  display?: { widthPixels: number; heightPixels: number };
  input: boolean;
  gpu: boolean;
  nbd?: readonly NetworkDisk[];
  hugepages?: Wanted;
  directIo?: Wanted;
  diskQueueSize?: number;
  netQueueSize?: number;
  watchdog: boolean;
}

/** The parser's declaration of {@linkcode FeatureFlags}. */
export const FEATURE_FLAGS: FlagParametersForType<FeatureFlags, Frame> = {
  share: repeatedFlag(
    "Folder of this computer in the guest (mount -t virtiofs TAG DIR): FOLDER:TAG[:ro]",
    "SHARE",
    parseShare,
  ),
  rosetta: switchFlag('Run x86_64 programs in an aarch64 guest (share "rosetta")'),
  display: valueFlag("A screen: WIDTHxHEIGHT in pixels", "SIZE", parseScreen),
  input: switchFlag("A keyboard and a pointing device"),
  gpu: switchFlag("Lend the guest the graphics processor (Vulkan in the guest)"),
  nbd: repeatedFlag("Disk of an NBD server: NAME=URI[,ro]", "DISK", parseNetworkDisk),
  hugepages: wantedFlag("Back the memory with huge pages"),
  directIo: wantedFlag("Read and write disks past this computer's page cache"),
  diskQueueSize: powerOfTwoFlag("Entries of each disk's queue", 2, 1024),
  netQueueSize: powerOfTwoFlag("Entries of each card's receive queue", 256, 1024),
  watchdog: switchFlag("A device that resets a guest which stops answering it"),
};

function wantedFlag(brief: string) {
  return { kind: "enum", values: ["on", "if-available"], optional: true, brief } as const;
}

function powerOfTwoFlag(brief: string, minimum: number, maximum: number): ValueFlag<number> {
  const { parse } = integerFlag(brief, minimum);
  return valueFlag(brief, "N", (input) => {
    const value = parse(input);
    if (value <= maximum && Number.isInteger(Math.log2(value))) return value;
    throw new RangeError(
      `expected a power of two from ${minimum} to ${maximum}, got "${input}"`,
    );
  });
}

/** virtio-fs has 36 bytes for it, with the end (virtio 1.2, 5.11.4). */
const TAG = /^[A-Za-z0-9._-]{1,35}$/;

/** The last colons count: a path may have some of its own. */
function parseShare(input: string): Share {
  const readOnly = input.endsWith(":ro");
  const rest = readOnly ? input.slice(0, -":ro".length) : input;
  const colon = rest.lastIndexOf(":");
  const tag = rest.slice(colon + 1);
  if (colon < 1 || !TAG.test(tag)) {
    throw new RangeError(
      `expected FOLDER:TAG or FOLDER:TAG:ro, the tag of letters, digits, . _ and -, got "${input}"`,
    );
  }
  return { hostPath: absolute(rest.slice(0, colon)), tag, readOnly };
}

function parseScreen(input: string): { widthPixels: number; heightPixels: number } {
  const [, width = "", height = ""] = /^(\d{1,5})x(\d{1,5})$/.exec(input) ?? [];
  if (Number(width) < 1 || Number(height) < 1) {
    throw new RangeError(`expected a size in pixels such as 1280x800, got "${input}"`);
  }
  return { widthPixels: Number(width), heightPixels: Number(height) };
}

/** As {@linkcode Disk}'s serial; lower case, as the names of data disks are. */
const DISK_NAME = /^[a-z][a-z0-9-]{0,19}$/;

function parseNetworkDisk(input: string): NetworkDisk {
  const equals = input.indexOf("=");
  const serial = input.slice(0, Math.max(0, equals));
  const rest = input.slice(equals + 1);
  const readOnly = rest.endsWith(",ro");
  const uri = readOnly ? rest.slice(0, -",ro".length) : rest;
  if (!DISK_NAME.test(serial) || !/^nbds?(\+unix)?:\/\/./.test(uri)) {
    throw new RangeError(
      `expected NAME=URI with nbd://, nbds://, nbd+unix:// or nbds+unix://, got "${input}"`,
    );
  }
  return { uri, serial, readOnly };
}

/**
 * Checks what no single flag can: names that are given twice, folders that are not there.
 * @param diskNames serials of the machine's other disks
 * @throws {CocoonError} `usage` or, for a folder, as `unreadable`
 */
export function checkFeatureFlags(
  { share = [], nbd = [], rosetta }: FeatureFlags,
  diskNames: readonly string[],
): void {
  const tags = [...share.map(({ tag }) => tag), ...(rosetta ? [ROSETTA_TAG] : [])];
  refuseTwice("--share", "shares", tags);
  refuseTwice("--nbd", "disks", [...diskNames, ...nbd.map(({ serial }) => serial)]);
  for (const { hostPath } of share) {
    try {
      // Opening it asks for the permission to list it, and the dot for the one to go into it.
      Deno.openSync(`${hostPath}/.`).close();
    } catch (cause) {
      throw unreadable(`--share ${hostPath}`, cause, "folder");
    }
  }
}

function refuseTwice(flag: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new CocoonError("usage", `${flag}: two ${what} are named "${twice}"`);
}

/** Everything that the flags ask for beyond what every backend has. */
export function featureWishes(flags: FeatureFlags, buses: readonly DiskBus[]): FeatureWish[] {
  const shares = flags.share ?? [];
  const asked: [Feature, boolean | Wanted | undefined][] = [
    ["shares", shares.length > 0],
    ["read-only-shares", shares.some(({ readOnly }) => readOnly)],
    ["rosetta", flags.rosetta],
    ["display", flags.display !== undefined],
    ["input", flags.input],
    ["gpu", flags.gpu],
    ["nvme-disks", buses.includes("nvme")],
    ["usb-disks", buses.includes("usb")],
    ["network-disks", (flags.nbd ?? []).length > 0],
    ["hugepages", flags.hugepages],
    ["direct-io", flags.directIo],
    ["disk-queue-size", flags.diskQueueSize !== undefined],
    ["net-queue-size", flags.netQueueSize !== undefined],
    ["watchdog", flags.watchdog],
  ];
  return asked.filter(([, wanted]) => wanted !== undefined && wanted !== false)
    .map(([feature, wanted]) => ({ feature, optional: wanted === "if-available" }));
}

/** What the machine gets of it: everything asked for that the backend has. */
export function featureParts(
  flags: FeatureFlags,
  { features: has = [] }: Capabilities,
): { devices: Omit<Devices, "rng" | "balloon" | "vsock">; tuning: Tuning } {
  const { share, display, nbd } = flags;
  return {
    devices: {
      ...(share === undefined ? {} : { shares: [...share] }),
      ...(flags.rosetta ? { rosetta: { tag: ROSETTA_TAG } } : {}),
      ...(display === undefined ? {} : { display }),
      ...(flags.input ? { input: true } : {}),
      ...(flags.gpu ? { gpu: true } : {}),
      ...(flags.watchdog && has.includes("watchdog") ? { watchdog: true } : {}),
      ...(nbd === undefined ? {} : { networkDisks: [...nbd] }),
    },
    tuning: {
      ...(flags.hugepages && has.includes("hugepages") ? { hugepages: true } : {}),
      ...(flags.directIo && has.includes("direct-io") ? { directIo: true } : {}),
      ...(flags.diskQueueSize === undefined ? {} : { diskQueueSize: flags.diskQueueSize }),
      ...(flags.netQueueSize === undefined ? {} : { netQueueSize: flags.netQueueSize }),
    },
  };
}
