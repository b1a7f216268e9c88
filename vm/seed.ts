import type { SshKeyPair } from "../guest/openssh_key.ts";
import { buildSeed } from "../guest/seed.ts";
import type { UserData } from "../guest/user_data.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";

/** What the user asked for that is only in the seed and never in the record. */
export interface SeedWish {
  /** Lines of `authorized_keys`. */
  authorizedKeys: string[];
  password?: string;
  userData?: UserData;
}

/**
 * Writes the seed of a machine that is being created. It stays attached for the machine's life:
 * under the same instance-id cloud-init does nothing twice, and a machine that was killed in its
 * first boot still finds it. Holds a private key, hence 0600.
 */
export async function makeSeed(
  context: VmContext,
  record: MachineRecord,
  wish: SeedWish,
  hostKey: SshKeyPair,
): Promise<void> {
  const disk = record.machine.disks.find(({ role }) => role === "seed");
  if (disk === undefined) throw new TypeError("a machine without a seed disk");
  const image = await buildSeed({
    instanceId: record.id,
    hostname: record.name,
    user: record.spec.user,
    authorizedKeys: wish.authorizedKeys,
    hostKey,
    nics: record.machine.nics.map(({ mac }) => ({ mac })),
    date: context.host.now(),
    ...(wish.password === undefined ? {} : { password: wish.password }),
    ...(wish.userData === undefined ? {} : { userData: wish.userData }),
  });
  using file = await Deno.open(disk.path, { createNew: true, write: true, mode: 0o600 });
  for (let done = 0; done < image.length;) done += await file.write(image.subarray(done));
  await file.sync();
}
