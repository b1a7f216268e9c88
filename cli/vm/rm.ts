import {
  machineArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { removeMachine } from "../../vm/remove.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";
import { onMachines } from "./machines.ts";

interface Flags extends OutputFlag {
  force: boolean;
}

/** `cocoon vm rm` */
export const command = defineCommand({
  description: "Removes machines with their disks. There is no way back.",
  parameters: {
    flags: {
      ...outputFlag,
      force: switchFlag("Also machines that run; their guests are not asked"),
    },
    aliases: { ...OUTPUT_ALIAS, f: "force" },
    positional: machineArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const vm = await vmContext(context);
    await onMachines(
      context,
      vm,
      flags.output,
      references,
      (record) => removeMachine(vm, record, flags.force),
    );
  },
});
