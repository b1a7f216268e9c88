import { CocoonError } from "../errors/error.ts";
import type { ForwardChange } from "../plugins/contract.ts";
import { isActive, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { withMachine } from "./locked.ts";
import { providersOf } from "./plugins.ts";

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
