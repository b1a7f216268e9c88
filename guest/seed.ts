/** The seed image: what cloud-init (data source NoCloud) is given on a disk labelled `cidata`. */
import {
  cloudConfig,
  type GuestIdentity,
  type GuestNic,
  metaData,
  networkConfig,
} from "./cloud_init.ts";
import { type IsoFile, writeIso9660 } from "./iso9660.ts";
import { composeUserData, type UserData } from "./user_data.ts";
import { writeYaml } from "./yaml_write.ts";

/** All that a seed is made from. */
export interface SeedRequest extends GuestIdentity {
  /** Identifies the machine for its life; under the same one cloud-init does nothing twice. */
  instanceId: string;
  nics: readonly GuestNic[];
  /** The user's own, from `readUserData()`. */
  userData?: UserData;
  /** Date of the files. */
  date: Date;
}

/**
 * Makes the image, 128 KiB unless the user's data is large: ISO 9660 with Joliet. The same request gives the same bytes.
 * It holds the private host key (and a password, if there is one): store it with mode 0600.
 * @throws {CocoonError} `usage` when the user's data cannot be merged
 */
export async function buildSeed(request: SeedRequest): Promise<Uint8Array> {
  const file = (name: string, text: string): IsoFile => ({
    name,
    data: new TextEncoder().encode(text),
  });
  const files = [
    file("meta-data", `${writeYaml(metaData(request.instanceId, request.hostname))}\n`),
    file("user-data", await composeUserData(cloudConfig(request), request.userData)),
  ];
  // Without cards there is nothing to configure, and an empty file would be an error.
  if (request.nics.length > 0) {
    files.push(file("network-config", `${writeYaml(networkConfig(request.nics))}\n`));
  }
  return writeIso9660({ label: "cidata", files, date: request.date });
}
