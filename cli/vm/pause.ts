import { machineArguments, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { setPaused } from "../../vm/pause.ts";
import { type CommandDefinition, defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";
import { onMachines } from "./machines.ts";

/** The two verbs that set whether machines are paused. */
export function pauseCommand(paused: boolean, description: string): CommandDefinition {
  return defineCommand({
    description,
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
        (record) => setPaused(vm, record, paused),
      );
    },
  });
}

/** `cocoon vm pause` */
export const command = pauseCommand(
  true,
  "Stops the guest's clock and CPUs; it keeps its memory. One that is paused stays so.",
);
