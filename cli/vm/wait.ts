import type { TypedFlagParameter } from "@stricli/core";
import { findMachine } from "../../vm/find.ts";
import { waitFor, type WaitGoal } from "../../vm/wait.ts";
import { machineArguments, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand, type Frame } from "../command.ts";
import type { Context } from "../context.ts";
import { durationFlag } from "../quantity_flags.ts";
import { vmContext } from "./context.ts";
import { onMachines } from "./machines.ts";

interface Flags extends OutputFlag {
  for: WaitGoal;
  timeout?: number;
}

const FOR_FLAG: TypedFlagParameter<WaitGoal, Frame> = {
  kind: "enum",
  values: ["running", "ssh", "stopped"],
  default: "stopped",
  brief: "What to wait for",
};

/** `cocoon vm wait` */
export const command = defineCommand({
  description:
    "Waits until the machines have reached a state; exits with 1 if they do not in time.",
  parameters: {
    flags: {
      ...outputFlag,
      for: FOR_FLAG,
      timeout: durationFlag("How long to wait (else for ever)"),
    },
    aliases: { ...OUTPUT_ALIAS },
    positional: machineArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const vm = await vmContext(context);
    await onMachines(
      context,
      vm,
      flags.output,
      references,
      (record) =>
        waitFor(vm, findMachine(vm.store, record.id), flags.for, {
          timeoutMs: flags.timeout ?? Infinity,
          signal: context.signal,
        }),
    );
  },
});
