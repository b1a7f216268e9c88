import type { MachineRecord } from "../../state/machine_record.ts";
import { addressesOf } from "../../vm/address.ts";
import type { VmContext } from "../../vm/context.ts";
import type { Context } from "../context.ts";
import { type OutputFormat, printJson } from "../output.ts";
import { machineJson } from "./view.ts";

/** What a verb prints that made a machine: its name, or all of it as JSON. */
export async function printMachine(
  context: Context,
  vm: VmContext,
  output: OutputFormat,
  record: MachineRecord,
): Promise<void> {
  if (output === "table") context.stdout(`${record.name}\n`);
  else printJson(context, machineJson(record, await addressesOf(vm, record)));
}
