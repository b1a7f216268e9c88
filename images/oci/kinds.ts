import { CocoonError } from "../../errors/error.ts";
import { printable } from "./client/errors.ts";
import { asObject, parseJson, stringEntries } from "./client/json.ts";
import type { Architecture } from "../../plugins/contract.ts";
import {
  type Descriptor,
  type IndexEntry,
  type Manifest,
  type Platform,
  readPlatform,
} from "./client/manifest.ts";
import { describePlatform, matchesPlatform } from "./client/platform.ts";
import { OCI_ARCHITECTURES } from "./architectures.ts";
import { CONTAINER_CONFIG_TYPES, CONTAINER_LAYER_TYPE, DISK_TYPE, TITLE } from "./media_types.ts";

/** What an image in a registry is, as far as its manifest tells. */
export type OciKind =
  /** One blob that is a disk; its content tells the format. */
  | { kind: "disk"; layer: Descriptor }
  /** Layers of files: a disk in a container (`/disk/`), or a guest's root with kernel and initrd. */
  | { kind: "container"; config: Descriptor; layers: Descriptor[] };

/**
 * Recognises an image by its manifest, whatever its address is.
 * @throws {CocoonError} `failed` for what cannot become a machine, with what to do instead
 */
export function recognise(manifest: Manifest): OciKind {
  const { config, layers } = manifest;
  refuseTart(manifest);
  const [layer, ...others] = layers;
  if (layer === undefined) {
    throw new CocoonError("failed", "it is an image without any content", {
      hint: "Tell whoever published it.",
    });
  }
  const isContainer = CONTAINER_CONFIG_TYPES.includes(config.mediaType) &&
    layers.every(({ mediaType }) => CONTAINER_LAYER_TYPE.test(mediaType));
  if (isContainer) return { kind: "container", config, layers };
  if (others.length > 0) {
    const names = layers.map(({ annotations }) => annotations[TITLE]).filter((name) => name);
    const said = names.length === 0 ? "" : `: ${printable(names.join(", "))}`;
    throw new CocoonError(
      "failed",
      `it is an artifact of ${layers.length} files${said}, and not of one disk`,
      { hint: "Fetch the files (oras pull), join them if they are parts, and import the disk." },
    );
  }
  return { kind: "disk", layer };
}

function refuseTart({ config, layers }: Manifest): void {
  const isTart = [config, ...layers].some(({ mediaType }) =>
    mediaType.startsWith("application/vnd.cirruslabs.tart.")
  );
  if (!isTart) return;
  throw new CocoonError("failed", "it is a Tart image, which this version does not read", {
    hint: "Another version of cocoon will. For Linux, take the distribution's cloud image.",
  });
}

/** Labels by which images that boot a computer (and no container) say so. */
const BOOTC_LABELS = ["containers.bootc", "ostree.bootable"];

/**
 * Refuses images for other computers, and those that are made to be installed, by their
 * configuration.
 * @param bytes of the image's configuration
 */
export function checkConfig(bytes: Uint8Array, wanted: Architecture): void {
  const config = asObject(parseJson(new TextDecoder().decode(bytes))) ?? {};
  const platform = readPlatform(config);
  if (platform.architecture !== "") requirePlatform({ ...platform, os: "linux" }, wanted);
  const found = stringEntries(asObject(config["config"])?.["Labels"]);
  if (!BOOTC_LABELS.some((label) => Object.hasOwn(found, label))) return;
  throw new CocoonError("failed", "it is a bootc image: the files of a system, not a disk", {
    hint: "Make a disk of it in a Linux machine, then import that:\n" +
      "bootc-image-builder --type raw IMAGE",
  });
}

/** @throws {CocoonError} `failed` when an image is for other computers */
export function requirePlatform(platform: Platform, wanted: Architecture): void {
  const needed = { os: "linux", architecture: OCI_ARCHITECTURES[wanted] };
  if (matchesPlatform(platform, needed)) return;
  throw new CocoonError(
    "failed",
    `it is for ${printable(describePlatform(platform))}, not for ${describePlatform(needed)}`,
    { hint: "Take an image for this architecture, or ask for the other one: --architecture" },
  );
}

/**
 * Values of `disktype` for disks that cocoon can read, best first; `hyperv` and `wsl` are other
 * formats. These are words of podman, not of our backends: any backend takes either disk.
 */
const DISK_TYPES = { linux: "qemu,applehv", darwin: "applehv,qemu" };

/**
 * The entry of an index to take, of those for the right platform. In podman's machine images,
 * disks of several hypervisors stand beside the bootc image that they were made from.
 */
export function chooseEntry(
  entries: readonly IndexEntry[],
  os: keyof typeof DISK_TYPES,
): IndexEntry | undefined {
  for (const wanted of DISK_TYPES[os].split(",")) {
    const found = entries.find(({ annotations }) => annotations[DISK_TYPE] === wanted);
    if (found !== undefined) return found;
  }
  return entries[0];
}
