import { formatSize } from "../config/size.ts";
import { type Collected, collectImages } from "../images/collect.ts";
import { collectMachines, type Leftover } from "../vm/collect.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { tellOverBudget } from "./image/budget.ts";
import { printList } from "./output.ts";
import { sizeFlag } from "./quantity_flags.ts";
import { vmContext } from "./vm/context.ts";

const IMAGE_WORDS: Record<Collected["kind"], string> = {
  image: "image without name and machine",
  evicted: "image above the budget",
  orphan: "image folder without record",
  staging: "image that was not finished",
  partial: "download that nobody went on with",
};

interface Flags extends OutputFlag {
  budget?: number;
}

/** `cocoon gc` */
export const command = defineCommand({
  description:
    "Removes what commands that were killed have left behind, and images that have no\n" +
    "name, that no machine uses and that were not asked for in the last hour. With a budget, more\n" +
    "images go, with their names. Machines, their disks and their images are never touched.",
  parameters: {
    flags: {
      budget: sizeFlag(
        "What images may take; the least recently used go (else store.image_budget)",
      ),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS },
  },
  async run(context: Context, flags: Flags) {
    const vm = await vmContext(context);
    const machines = await collectMachines(vm);
    const budgetBytes = flags.budget ?? (await context.config()).store.imageBudgetBytes;
    const collected = await collectImages(vm, {
      budgetBytes,
      onOverBudget: (over) => tellOverBudget(context, over),
      signal: context.signal,
    });
    const images = collected.map((image): Leftover => ({
      what: IMAGE_WORDS[image.kind],
      name: image.name,
      bytes: image.freedBytes,
    }));
    const leftovers = [...machines, ...images];
    printList(context, flags.output, leftovers, [
      { header: "REMOVED", cell: ({ what }) => what },
      { header: "NAME", cell: ({ name }) => name },
      { header: "SIZE", cell: ({ bytes }) => formatSize(bytes), align: "right" },
    ]);
    const total = leftovers.reduce((sum, { bytes }) => sum + bytes, 0);
    context.stderr(`cocoon: ${leftovers.length} removed, ${formatSize(total)} freed\n`);
  },
});
