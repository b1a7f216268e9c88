import type { Config } from "../../config/types.ts";
import { CocoonError } from "../../errors/error.ts";
import { quoteShell } from "../../host/shell.ts";
import { requireStored } from "../../images/lookup.ts";
import type { ImageContext } from "../../images/context.ts";
import { entryOfTag, isUrl, type NameOptions } from "../../images/named.ts";
import { askUpstream, hasUpstream, isPinned, namesWithUpstream } from "../../images/outdated.ts";
import { pullImage } from "../../images/pull.ts";
import type { TaggedImage } from "../../state/images.ts";
import {
  imageArgument,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  type ProgressFlag,
  progressFlag,
} from "../arguments.ts";
import { runBatch } from "../batch.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { imageProgress } from "../progress.ts";
import { imageContext } from "./context.ts";
import { keepBudget } from "./budget.ts";
import { catalogueOf, nameOptions, type UnverifiedFlag, unverifiedFlag } from "./names.ts";
import { type PlainHttpFlag, plainHttpFlag } from "./plain_http_flag.ts";

type Flags = OutputFlag & ProgressFlag & UnverifiedFlag & PlainHttpFlag;

/** `cocoon image update` */
export const command = defineCommand({
  description:
    "Gets an image anew when there is another one where it came from, and points its name\n" +
    "to that. Without names, all that came from a server and are not pinned by a digest of yours.\n" +
    "Machines keep the image that they were made from; it goes with the last of them and\n" +
    "`cocoon gc`.",
  parameters: {
    flags: { ...unverifiedFlag, ...plainHttpFlag, ...progressFlag, ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "array", parameter: { ...imageArgument, brief: "Name of an image" } },
  },
  async run(context: Context, flags: Flags, ...names: string[]) {
    const images = await imageContext(context);
    const config = await context.config();
    const references = names.length > 0 ? names : namesToUpdate(context, config, images);
    await runBatch(context, flags.output, {
      references,
      resolve: (tag) => ({ tag, image: requireStored(images, tag) }),
      id: ({ tag }) => tag,
      name: ({ tag }) => tag,
      // One after the other: together they would share one line of the screen and one network.
      parallel: 1,
      async run({ tag, image }) {
        const options = {
          ...nameOptions(context, config, flags, image.architecture),
          plainHttp: flags.plainHttp,
        };
        const { state, reason } = await askUpstream(images, tag, image, options);
        if (state === "current") return context.stderr(`${tag}: is current\n`);
        if (!image.tags.includes(tag)) throw noName(tag, image.tags);
        // What nobody could tell of a server is found out by fetching; a file cannot be fetched.
        if (reason !== undefined && !hasUpstream(image)) throw noSource(tag, reason);
        refuseUnverified(tag, image, options);
        using progress = imageProgress(context, flags.progress);
        const added = await pullImage(images, tag, {
          ...options,
          force: true,
          onProgress: progress.update,
        });
        // Its line goes before another one comes.
        progress[Symbol.dispose]();
        if (added.image.digest === image.digest) context.stderr(`${tag}: is current\n`);
      },
    });
    await keepBudget(context, images, config);
  },
});

/** Every name that came from a server, but for images that a digest by hand has pinned. */
function namesToUpdate(context: Context, config: Config, images: ImageContext): string[] {
  const catalogue = catalogueOf(context, config);
  return namesWithUpstream(images).flatMap(({ tag, image }) => {
    if (!isPinned(catalogue, tag, image)) return [tag];
    context.stderr(`${tag}: is pinned by the digest that it was pulled with\n`);
    return [];
  });
}

/** Refuses a URL that no table vouches for, with what can be done about it. */
function refuseUnverified(
  tag: string,
  image: TaggedImage,
  { catalogue, requireVerified }: NameOptions,
): void {
  const isBare = isUrl(image.source) && entryOfTag(catalogue, tag, image) === undefined;
  if (!requireVerified || !isBare) return;
  const name = quoteShell(tag);
  throw new CocoonError("failed", `image "${tag}": nobody vouches for what is there now`, {
    hint: `Give its digest: cocoon image pull --force ${name} --sha256 DIGEST. ` +
      `Or trust it blindly: cocoon image update --insecure-unverified ${name}`,
  });
}

function noName(reference: string, tags: readonly string[]): CocoonError {
  return new CocoonError("usage", `image "${reference}": a digest stays what it is`, {
    hint: tags.length === 0 ? "Pull it by a name." : `Its names: ${tags.join(", ")}.`,
  });
}

function noSource(tag: string, reason: string): CocoonError {
  return new CocoonError("failed", `image "${tag}": cannot be got anew: ${reason}`, {
    hint: `Import it again: cocoon image import ${tag} FILE`,
  });
}
