import { seedWithNetwork } from "../guest/seed_network.ts";
import type { GuestNetwork } from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";

/**
 * Writes into a machine's seed how its guest sets up the cards; the hypervisor is not running.
 * The seed stays the old one or becomes the new one, never half of it.
 * @param networks one for each NIC; undefined = the guest asks DHCP
 */
export async function renewSeed(
  context: VmContext,
  record: MachineRecord,
  networks: readonly (GuestNetwork | undefined)[],
): Promise<void> {
  const path = record.machine.disks.find(({ role }) => role === "seed")?.path;
  // A machine without a seed has its addresses from whoever set it up.
  if (path === undefined) return;
  const nics = record.machine.nics.map(({ mac }, index) => {
    const network = networks[index];
    return network === undefined ? { mac } : { mac, static: network };
  });
  const image = seedWithNetwork(await Deno.readFile(path), nics, context.host.now());
  // Before the seed, so that the next start looks at it again.
  context.store.machines.update(record.id, (now) => ({ ...now, fixedAddresses: true }));
  if (image === undefined) return;
  const temporary = `${path}.part`;
  {
    using file = await Deno.open(temporary, {
      create: true,
      truncate: true,
      write: true,
      mode: 0o600,
    });
    for (let done = 0; done < image.length;) done += await file.write(image.subarray(done));
    await file.sync();
  }
  await Deno.rename(temporary, path);
}
