import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printJson } from "../output.ts";

/** `cocoon config path` */
export const command = defineCommand({
  description: "The default file need not exist; this is where it would be.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const { path, namedBy } = await context.configFile();
    if (flags.output === "json") {
      printJson(context, { path, namedBy, exists: context.host.exists(path) });
    } else {
      // The path alone, for `$EDITOR "$(cocoon config path)"`.
      context.stdout(`${path}\n`);
    }
  },
});
