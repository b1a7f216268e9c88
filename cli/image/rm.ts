import { requireStored } from "../../images/lookup.ts";
import { removeImages } from "../../images/remove.ts";
import {
  imageArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { runBatch } from "../batch.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { imageContext } from "./context.ts";

interface Flags extends OutputFlag {
  force: boolean;
}

/** `cocoon image rm` */
export const command = defineCommand({
  description:
    "A name goes, and with its last name the image; a digest means the image with all\n" +
    "its names. An image that a machine was made from stays as long as the machine.",
  parameters: {
    flags: {
      force: switchFlag("Take the names of an image that is in use; it goes with its machines"),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS, f: "force" },
    positional: imageArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const images = await imageContext(context);
    await runBatch(context, flags.output, {
      references,
      resolve: (reference) => {
        requireStored(images, reference);
        return reference;
      },
      id: (reference) => reference,
      name: (reference) => reference,
      // They wait for one lock anyway.
      parallel: 1,
      async run(reference) {
        const { removed: [removed], errors: [error] } = await removeImages(images, [reference], {
          force: flags.force,
          signal: context.signal,
        });
        if (error !== undefined) throw error;
        if (removed === undefined || removed.neededBy.length === 0) return;
        const machines = removed.neededBy.join(", ");
        context.stderr(`${reference}: stays without a name for ${machines}; then \`cocoon gc\`\n`);
      },
    });
  },
});
