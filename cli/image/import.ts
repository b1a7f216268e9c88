import { importImage } from "../../images/import.ts";
import {
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  type ProgressFlag,
  progressFlag,
} from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printJson } from "../output.ts";
import { imageProgress } from "../progress.ts";
import { imageContext } from "./context.ts";
import { DIGEST_FLAGS, type DigestFlags, givenDigests } from "./digest_flags.ts";
import { imageStdin } from "./standard_input.ts";
import { imageJson } from "./view.ts";

type Flags = OutputFlag & ProgressFlag & DigestFlags;

/** `cocoon image import` */
export const command = defineCommand({
  description:
    "Takes disks of all usual formats, also packed. A name that is taken points to the new\n" +
    "image afterwards.",
  parameters: {
    flags: { ...DIGEST_FLAGS, ...progressFlag, ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: {
      kind: "tuple",
      parameters: [
        { parse: String, placeholder: "NAME", brief: "Name for the image" },
        {
          parse: String,
          placeholder: "FILE",
          brief: "Disk file; - or none: standard input",
          default: "-",
        },
      ],
    },
  },
  async run(context: Context, flags: Flags, name: string, file: string) {
    const stdin = file === "-" ? { stdin: imageStdin(context) } : {};
    const images = await imageContext(context);
    using progress = imageProgress(context, flags.progress);
    const { image } = await importImage(images, name, file, {
      ...givenDigests(flags),
      ...stdin,
      signal: context.signal,
      onProgress: progress.update,
    });
    // Its line goes before another one comes.
    progress[Symbol.dispose]();
    if (flags.output === "json") printJson(context, imageJson(image));
    else context.stdout(`${name}\n`);
  },
});
