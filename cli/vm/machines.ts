import type { MachineRecord } from "../../state/machine_record.ts";
import { findMachine } from "../../vm/find.ts";
import type { VmContext } from "../../vm/context.ts";
import { runBatch } from "../batch.ts";
import type { Context } from "../context.ts";
import type { OutputFormat } from "../output.ts";

/** Runs a verb on several machines; see `runBatch` for what happens when some fail. */
export async function onMachines(
  context: Context,
  vm: VmContext,
  output: OutputFormat,
  references: readonly string[],
  run: (record: MachineRecord) => Promise<unknown>,
): Promise<void> {
  await runBatch<MachineRecord>(context, output, {
    references,
    resolve: (reference) => findMachine(vm.store, reference),
    id: (record) => record.id,
    name: (record) => record.name,
    run: async (record) => void await run(record),
  });
}
