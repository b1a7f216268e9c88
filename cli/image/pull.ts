import { CocoonError } from "../../errors/error.ts";
import type { Architecture } from "../../plugins/contract.ts";
import type { TaggedImage } from "../../state/images.ts";
import { pullImage } from "../../images/pull.ts";
import { publicSource } from "../../images/reference.ts";
import {
  anyImageArgument,
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
import { keepBudget } from "./budget.ts";
import { DIGEST_FLAGS, type DigestFlags, givenDigests } from "./digest_flags.ts";
import { nameOptions, type UnverifiedFlag, unverifiedFlag } from "./names.ts";
import { type PlainHttpFlag, plainHttpFlag } from "./plain_http_flag.ts";
import { imageStdin } from "./standard_input.ts";
import { imageJson } from "./view.ts";

interface Flags extends OutputFlag, ProgressFlag, DigestFlags, UnverifiedFlag, PlainHttpFlag {
  name?: string;
  architecture?: Architecture;
  force: boolean;
}

/** `cocoon image pull` */
export const command = defineCommand({
  description:
    "An image is a name (`cocoon image search` lists them), a URL, the path of a file, or in a\n" +
    "registry: [oci:]HOST/NAME[:TAG][@DIGEST]. One that is here already is not fetched again. A\n" +
    "download is checked with the digest that its publisher says, and the publisher's signature\n" +
    "where there is one; a URL needs --sha256, --sha512 or --insecure-unverified.",
  parameters: {
    flags: {
      name: textFlag("Name for the image (else the name that it was got by, or the URL)", "NAME"),
      ...DIGEST_FLAGS,
      ...unverifiedFlag,
      ...plainHttpFlag,
      architecture: {
        kind: "enum",
        values: ["x86_64", "aarch64"],
        optional: true,
        brief: "CPU architecture (else the configured one)",
      },
      force: switchFlag("Fetch it again although it is here"),
      ...progressFlag,
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS, n: "name" },
    positional: {
      ...imageArguments,
      parameter: anyImageArgument,
    },
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    refuseForSeveral(flags, references);
    const images = await imageContext(context);
    const config = await context.config({ defaults: { architecture: flags.architecture } });
    const options = nameOptions(context, config, flags, config.defaults.architecture);
    await runBatch(context, flags.output, {
      references,
      resolve: (reference) => reference,
      id: (reference) => reference,
      name: (reference) => flags.name ?? publicSource(reference),
      // One after the other: together they would share one line of the screen and one network.
      parallel: 1,
      async run(reference) {
        using progress = imageProgress(context, flags.progress);
        const { outcome, image } = await pullImage(images, reference, {
          ...options,
          ...(reference === "-" ? { stdin: imageStdin(context) } : {}),
          ...givenDigests(flags),
          tag: flags.name,
          force: flags.force,
          plainHttp: flags.plainHttp,
          onProgress: progress.update,
        });
        // Its line goes before another one comes.
        progress[Symbol.dispose]();
        const name = flags.name ?? nameAfter(reference, image, options.architecture);
        if (outcome === "already-stored") context.stderr(`${name}: is here already\n`);
        return { name, json: { name, outcome, ...imageJson(image) } };
      },
    });
    await keepBudget(context, images, config);
  },
});

/** What an image that was pulled without a name can be called by from now on. */
function nameAfter(
  reference: string,
  { digest, tags }: TaggedImage,
  architecture: Architecture | undefined,
): string {
  if (reference === "-") return digest;
  const foreign = tags.find((tag) => tag.endsWith(`-${architecture}`));
  const isNamed = tags.includes(reference) || foreign === undefined;
  return isNamed ? publicSource(reference) : foreign;
}

/** A name and a digest are those of one image. */
function refuseForSeveral(flags: Flags, references: readonly string[]): void {
  const flag = (["name", "sha256", "sha512"] as const).find((key) => flags[key] !== undefined);
  if (flag === undefined || references.length === 1) return;
  throw new CocoonError("usage", `--${flag} is for one image, not for ${references.length}`, {
    hint: "Pull them one by one.",
  });
}
