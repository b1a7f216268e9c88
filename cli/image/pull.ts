import type { ImageTable } from "../../config/types.ts";
import { CocoonError } from "../../errors/error.ts";
import { pullImage } from "../../images/pull.ts";
import {
  imageArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  type ProgressFlag,
  progressFlag,
  switchFlag,
  textFlag,
} from "../arguments.ts";
import { runBatch } from "../batch.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { imageProgress } from "../progress.ts";
import { imageContext } from "./context.ts";
import { DIGEST_FLAGS, type DigestFlags, givenDigests } from "./digest_flags.ts";

interface Flags extends OutputFlag, ProgressFlag, DigestFlags {
  name?: string;
  force: boolean;
}

/** `cocoon image pull` */
export const command = defineCommand({
  description: "An image is a URL, or a name of [images] in the configuration. One that is here\n" +
    "already is not fetched again.",
  parameters: {
    flags: {
      name: textFlag("Name for the image (else the URL, or the configuration's name)", "NAME"),
      ...DIGEST_FLAGS,
      force: switchFlag("Fetch it again although it is here"),
      ...progressFlag,
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS, n: "name" },
    positional: {
      ...imageArguments,
      parameter: { ...imageArguments.parameter, brief: "URL, path of a file, or name" },
    },
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    refuseForSeveral(flags, references);
    const images = await imageContext(context);
    const { images: named } = await context.config();
    await runBatch(context, flags.output, {
      references,
      resolve: (reference) => reference,
      id: (reference) => reference,
      name: (reference) => reference,
      // One after the other: together they would share one line of the screen and one network.
      parallel: 1,
      async run(reference) {
        const table = ownTable(named, reference);
        using progress = imageProgress(context, flags.progress);
        const { outcome } = await pullImage(images, table?.source ?? reference, {
          ...(table?.sha256 === undefined ? {} : { sha256: table.sha256 }),
          ...givenDigests(flags),
          tag: flags.name ?? (table === undefined ? undefined : reference),
          force: flags.force,
          signal: context.signal,
          onProgress: progress.update,
        });
        // Its line goes before another one comes.
        progress[Symbol.dispose]();
        if (outcome === "already-stored") context.stderr(`${reference}: is here already\n`);
      },
    });
  },
});

/** A name and a digest are those of one image. */
function refuseForSeveral(flags: Flags, references: readonly string[]): void {
  const flag = (["name", "sha256", "sha512"] as const).find((key) => flags[key] !== undefined);
  if (flag === undefined || references.length === 1) return;
  throw new CocoonError("usage", `--${flag} is for one image, not for ${references.length}`, {
    hint: "Pull them one by one.",
  });
}

function ownTable(tables: Record<string, ImageTable>, name: string): ImageTable | undefined {
  return Object.hasOwn(tables, name) ? tables[name] : undefined;
}
