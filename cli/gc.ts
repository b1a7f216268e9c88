import { formatSize } from "../config/size.ts";
import { collectMachines, type Leftover } from "../vm/collect.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag, switchFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { printList } from "./output.ts";
import { vmContext } from "./vm/context.ts";

interface Flags extends OutputFlag {
  dryRun: boolean;
}

/** `cocoon gc` */
export const command = defineCommand({
  description:
    "Removes what commands that were killed have left behind, and images that have no name and\n" +
    "that no machine uses. Machines and their disks are never touched.",
  parameters: {
    flags: { ...outputFlag, dryRun: switchFlag("Only list what would be removed") },
    aliases: { ...OUTPUT_ALIAS, n: "dryRun" },
  },
  async run(context: Context, flags: Flags) {
    const vm = await vmContext(context);
    const { collectImages } = await import("../images/collect.ts");
    const leftovers: Leftover[] = [
      ...await collectMachines(vm, flags.dryRun),
      ...await collectImages(vm, { dryRun: flags.dryRun }),
    ];
    printList(context, flags.output, leftovers, [
      { header: "WHAT", cell: ({ what }) => what },
      { header: "NAME", cell: ({ name }) => name },
      { header: "SIZE", cell: ({ bytes }) => formatSize(bytes), align: "right" },
    ]);
    const total = leftovers.reduce((sum, { bytes }) => sum + bytes, 0);
    const what = flags.dryRun ? "would be removed" : "removed";
    context.stderr(`${leftovers.length} ${what}, ${formatSize(total)}\n`);
  },
});
