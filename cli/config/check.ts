import { checkPlugins } from "../../config/check_plugins.ts";
import { joinErrors } from "../../errors/error.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { registryOf } from "../plugins.ts";
import { printFacts } from "../output.ts";

/** `cocoon config check` */
export const command = defineCommand({
  description: "Finds every mistake in the file, in the environment and in the tables of plugins.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const config = await context.config();
    const registry = registryOf(config);
    const errors = await checkPlugins(config, registry);
    if (errors.length > 0) throw joinErrors(errors);
    const file = config.file?.path ?? null;
    printFacts(context, flags.output, { file, mistakes: 0 }, [
      ["file", file ?? "none"],
      ["mistakes", "0"],
    ]);
  },
});
