import { findMachine } from "../../vm/find.ts";
import { previewPlan } from "../../vm/plan.ts";
import { machineArgument, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printJson } from "../output.ts";
import { quoteShell } from "../../host/shell.ts";
import { vmContext } from "./context.ts";

/** `cocoon vm debug` */
export const command = defineCommand({
  description:
    "Prints how the machine would be started now: the command lines, ready to be pasted,\n" +
    "or with --output json the whole launch plan. Starts and changes nothing.",
  parameters: {
    flags: { ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, flags: OutputFlag, reference: string) {
    const vm = await vmContext(context);
    const plan = await previewPlan(vm, findMachine(vm.store, reference));
    if (flags.output === "json") return printJson(context, plan);
    for (const file of plan.files) {
      const source = "copyOf" in file.source
        ? `copy of ${file.source.copyOf}`
        : "written by cocoon";
      context.stdout(`# ${file.path}: ${source}${file.onlyIfAbsent ? ", if absent" : ""}\n`);
    }
    for (const { role, argv, env } of plan.processes) {
      context.stdout(`# ${role}\n`);
      const assignments = Object.entries(env).map(([name, value]) =>
        `${name}=${quoteShell(value)}`
      );
      context.stdout([...assignments, ...argv.map(quoteShell)].join(" ") + "\n");
    }
  },
});
