import { formatSize } from "../config/size.ts";
import { type Collected, collectImages } from "../images/collect.ts";
import { collectMachines, type Leftover } from "../vm/collect.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { printList } from "./output.ts";
import { vmContext } from "./vm/context.ts";

const IMAGE_WORDS: Record<Collected["kind"], string> = {
  image: "image without name and machine",
  orphan: "image folder without record",
  staging: "download that did not finish",
};

/** `cocoon gc` */
export const command = defineCommand({
  description:
    "Removes what commands that were killed have left behind, and images that have no\n" +
    "name, that no machine uses and that were not asked for in the last hour. Machines and their\n" +
    "disks are never touched.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const vm = await vmContext(context);
    const machines = await collectMachines(vm);
    const images = (await collectImages(vm, { signal: context.signal })).map((image): Leftover => ({
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
