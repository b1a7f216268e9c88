import { formatOrigin, type ShownValue, shownValues } from "../../config/show.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";

const COLUMNS: readonly Column<ShownValue>[] = [
  { header: "KEY", cell: ({ key }) => key },
  { header: "VALUE", cell: ({ value }) => JSON.stringify(value) },
  { header: "ORIGIN", cell: ({ origin }) => formatOrigin(origin) },
];

/** `cocoon config show` */
export const command = defineCommand({
  description: "Each value with its origin: the default, a line of the file, or a variable.\n" +
    "Flags of other commands come before all of them.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    printList(context, flags.output, await shownValues(await context.config()), COLUMNS);
  },
});
