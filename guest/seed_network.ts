/**
 * The network part of a seed that exists already. The rest of the seed has secrets that are kept
 * nowhere else, so it is taken over byte for byte.
 */
import { type GuestNic, networkConfig } from "./cloud_init.ts";
import { type IsoFile, writeIso9660 } from "./iso9660.ts";
import { readIso9660 } from "./iso9660_read.ts";
import { writeYaml } from "./yaml_write.ts";

const NETWORK_CONFIG = "network-config";
/** cloud-init puts it below the user's own user-data, whatever form that has. */
const VENDOR_DATA = "vendor-data";

/**
 * By default cloud-init configures the network only in the first boot of an instance. Source: its
 * documentation, "Events and updates". A version that does not know the key ignores it.
 */
const AT_EVERY_BOOT = { updates: { network: { when: ["boot-new-instance", "boot"] } } };

/**
 * The image with the cards as they are now; undefined when it says the same already.
 * @throws {CocoonError} `failed` when `image` is not one of `buildSeed()`'s
 */
export function seedWithNetwork(
  image: Uint8Array,
  nics: readonly GuestNic[],
  date: Date,
): Uint8Array | undefined {
  const before = readIso9660(image);
  const kept = before.filter(({ name }) => name !== NETWORK_CONFIG && name !== VENDOR_DATA);
  const fixed = nics.some((nic) => nic.static !== undefined);
  const files = [
    ...kept,
    ...(nics.length === 0 ? [] : [yamlFile(NETWORK_CONFIG, writeYaml(networkConfig(nics)))]),
    ...(fixed ? [yamlFile(VENDOR_DATA, `#cloud-config\n${writeYaml(AT_EVERY_BOOT)}`)] : []),
  ];
  if (sameFiles(before, files)) return undefined;
  return writeIso9660({ label: "cidata", files, date });
}

function yamlFile(name: string, text: string): IsoFile {
  return { name, data: new TextEncoder().encode(`${text}\n`) };
}

function sameFiles(one: readonly IsoFile[], other: readonly IsoFile[]): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ name, data }) => {
    const twin = other.find((file) => file.name === name)?.data;
    return twin?.length === data.length && data.every((byte, i) => byte === twin[i]);
  });
}
