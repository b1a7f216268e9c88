import { pushImage } from "../../images/oci/push.ts";
import {
  imageArgument,
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
import { type PlainHttpFlag, plainHttpFlag } from "./plain_http_flag.ts";

type Flags = OutputFlag & ProgressFlag & PlainHttpFlag;

/** `cocoon image push` */
export const command = defineCommand({
  description: "Publishes an image in a registry, as one compressed disk. Logins are those of\n" +
    "docker login. Prints the reference with the digest that others can pull it by.",
  parameters: {
    flags: { ...plainHttpFlag, ...progressFlag, ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument,
        { parse: String, placeholder: "REFERENCE", brief: "Where to: [oci:]HOST/NAME[:TAG]" },
      ],
    },
  },
  async run(context: Context, flags: Flags, name: string, reference: string) {
    const images = await imageContext(context);
    using progress = imageProgress(context, flags.progress);
    const pushed = await pushImage(images, name, reference, {
      plainHttp: flags.plainHttp,
      signal: context.signal,
      onProgress: progress.update,
    });
    // Its line goes before another one comes.
    progress[Symbol.dispose]();
    if (flags.output === "json") printJson(context, { ...pushed });
    else context.stdout(`${pushed.reference}\n`);
  },
});
