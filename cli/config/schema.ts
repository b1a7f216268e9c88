import { configJsonSchema } from "../../config/json_schema.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { registryOf } from "../plugins.ts";
import { printJson } from "../output.ts";

/** `cocoon config schema` */
export const command = defineCommand({
  description: "For editors; it is JSON. Save it, and put this line first in config.toml:\n" +
    "  #:schema ./schema.json",
  parameters: {},
  async run(context: Context) {
    const config = await context.config();
    const registry = registryOf(config);
    printJson(context, await configJsonSchema(config, registry));
  },
});
