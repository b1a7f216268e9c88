import { CocoonError } from "../errors/error.ts";
import type { Address } from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { providersOf } from "./plugins.ts";

/** How a machine is reached now: the answers of its NICs, in their order. */
export async function addressesOf(context: VmContext, record: MachineRecord): Promise<Address[]> {
  const providers = await providersOf(record.launch);
  const addresses: Address[] = [];
  for (const nic of record.machine.nics) {
    const state = record.nicStates[nic.index];
    const provider = providers[nic.index]?.provider;
    if (state === undefined || state === null || provider === undefined) continue;
    const address = await provider.address(context.host, nic, state);
    if (address !== undefined) addresses.push(address);
  }
  return addresses;
}

/** Where the machine's SSH server answers; undefined while no address is known. */
export async function knownSshAddress(
  context: VmContext,
  record: MachineRecord,
): Promise<{ host: string; port: number } | undefined> {
  const addresses = await addressesOf(context, record);
  return addresses.find(({ ssh }) => ssh !== undefined)?.ssh;
}

/**
 * Where the machine's SSH server answers.
 * @throws {CocoonError} `conflict` when it does not run, `failed` when no NIC leads to it
 */
export async function sshAddressOf(
  context: VmContext,
  record: MachineRecord,
): Promise<{ host: string; port: number }> {
  if (record.state !== "running" && record.state !== "starting") {
    throw new CocoonError("conflict", `machine "${record.name}" is ${record.state}, not running`, {
      hint: `${record.state === "paused" ? "Resume" : "Start"} it first: cocoon vm ${
        record.state === "paused" ? "resume" : "start"
      } ${record.name}`,
    });
  }
  const known = await knownSshAddress(context, record);
  if (known !== undefined) return known;
  const without = record.machine.nics.length === 0;
  throw new CocoonError(
    "failed",
    `machine "${record.name}": ${
      without ? "it has no network card" : "no address is known for its network cards"
    }`,
    { hint: `Use its console: cocoon vm console ${record.name}` },
  );
}
