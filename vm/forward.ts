import { CocoonError } from "../errors/error.ts";
import type { ForwardChange, PortForward } from "../plugins/contract.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { withMachine } from "./locked.ts";
import { providersOf } from "./plugins.ts";
import { reconcile } from "./reconcile.ts";

/** A port of this computer that leads into a guest now. */
export interface OpenForward extends PortForward {
  /** Name of the network whose card it leads to. */
  network: string;
}

/**
 * The ports that lead into a machine now, without those of its SSH; none while it is off.
 * @throws {CocoonError} `failed` when a helper does not answer
 */
export async function openForwards(
  context: VmContext,
  found: MachineRecord,
  signal: AbortSignal,
): Promise<OpenForward[]> {
  const record = await reconcile(context, found, { lockHeld: false }) ?? found;
  if (!isActive(record.state)) return [];
  const providers = await providersOf(record.launch);
  const open: OpenForward[] = [];
  for (const { index, network, forwards } of record.machine.nics) {
    const [provider, state] = [providers[index]?.provider, record.nicStates[index]];
    if (provider === undefined || state === undefined || state === null) continue;
    const list = await provider.forwards?.(state, signal) ?? forwards;
    open.push(...list.map((forward) => ({ network, ...forward })));
  }
  return open;
}

/**
 * Opens and closes ports into a machine that runs, in this order; they last until it is stopped.
 * @throws {CocoonError} `conflict` when it does not run or another program has a port, `usage` when
 * none of its networks can do that
 */
export async function changeForwards(
  context: VmContext,
  machine: MachineRecord,
  changes: readonly ForwardChange[],
  signal: AbortSignal,
): Promise<void> {
  await withMachine(context, machine, async (record) => {
    if (!isActive(record.state)) {
      throw new CocoonError(
        "conflict",
        `machine "${record.name}" is ${record.state}, not running`,
        {
          hint: `Start it first: cocoon vm start ${record.name}`,
        },
      );
    }
    const providers = await providersOf(record.launch);
    for (const { index } of record.machine.nics) {
      const [provider, state] = [providers[index]?.provider, record.nicStates[index]];
      if (provider?.changeForward === undefined || state === undefined || state === null) continue;
      for (const change of changes) await provider.changeForward(state, change, signal);
      return;
    }
    throw new CocoonError(
      "usage",
      `machine "${record.name}": no network of it forwards ports while it runs`,
      { hint: 'Plug it into a network of the provider "gvproxy", or use --publish at create.' },
    );
  }, signal);
}
