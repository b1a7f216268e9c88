import { checkPlugins } from "../../config/check_plugins.ts";
import { CocoonError, EXIT_CODES, joinErrors, splitErrors } from "../../errors/error.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { registryOf } from "../plugins.ts";
import { printFacts } from "../output.ts";

/** `cocoon config check` */
export const command = defineCommand({
  description:
    "Finds every mistake in the file, in the environment and, once those are right, in the\n" +
    "tables of plugins. With --output json the mistakes are data, with their places.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const mistakes = await findMistakes(context);
    if (flags.output === "table" && mistakes.length > 0) throw joinErrors(mistakes);
    const { path } = await context.configFile();
    const file = context.host.exists(path) ? path : null;
    const data = mistakes.map(({ message, hint, position }) => ({
      message,
      hint: hint ?? null,
      file: position?.file ?? null,
      line: position?.line ?? null,
      column: position?.column ?? null,
    }));
    printFacts(context, flags.output, { file, mistakes: data }, [
      ["file", file ?? "none"],
      ["mistakes", "0"],
    ]);
    return mistakes.length > 0 ? EXIT_CODES.usage : 0;
  },
});

async function findMistakes(context: Context): Promise<CocoonError[]> {
  try {
    const config = await context.config();
    return await checkPlugins(config, registryOf(config));
  } catch (error) {
    if (error instanceof CocoonError && error.code === "usage") return splitErrors(error);
    throw error;
  }
}
