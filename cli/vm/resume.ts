import { machineArguments, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { setPaused } from "../../vm/pause.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";
import { onMachines } from "./machines.ts";

/** `cocoon vm resume` */
export const command = defineCommand({
  description: "Lets a paused guest go on. One that runs goes on.",
  parameters: {
    flags: { ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: machineArguments,
  },
  async run(context: Context, flags: OutputFlag, ...references: string[]) {
    const vm = await vmContext(context);
    await onMachines(
      context,
      vm,
      flags.output,
      references,
      (record) => setPaused(vm, record, false),
    );
  },
});
