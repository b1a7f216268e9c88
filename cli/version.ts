import { VERSION } from "../host/version.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { printFacts } from "./output.ts";

/** `cocoon version` */
export const command = defineCommand({
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  run(context: Context, flags: OutputFlag) {
    const { os, architecture } = context.host;
    const facts = { version: VERSION, os, architecture, deno: Deno.version.deno };
    printFacts(context, flags.output, facts, Object.entries(facts));
  },
});
