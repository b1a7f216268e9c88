import { askUpstream, namesWithUpstream, type Upstream } from "../../images/outdated.ts";
import { requireStored } from "../../images/lookup.ts";
import { imageArgument, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";
import { imageContext } from "./context.ts";
import { catalogueOf } from "./names.ts";
import { type PlainHttpFlag, plainHttpFlag } from "./plain_http_flag.ts";
import { shortDigest } from "./view.ts";

const COLUMNS: readonly Column<Upstream>[] = [
  { header: "NAME", cell: ({ tag }) => tag },
  { header: "DIGEST", cell: ({ image }) => shortDigest(image.digest) },
  { header: "STATE", cell: ({ state }) => state },
  { header: "REASON", cell: ({ reason }) => reason ?? "-" },
];

/** `cocoon image outdated` */
export const command = defineCommand({
  description:
    "Asks where images came from whether there is another one by now: the publisher's\n" +
    "checksum file, or the server for another version of the file. Without names, all that came\n" +
    "from a server are asked for. Nothing is downloaded; `cocoon image update` does that.",
  parameters: {
    flags: { ...plainHttpFlag, ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "array", parameter: { ...imageArgument, brief: "Name of an image" } },
  },
  async run(context: Context, flags: OutputFlag & PlainHttpFlag, ...names: string[]) {
    const images = await imageContext(context);
    const catalogue = catalogueOf(context, await context.config());
    const asked = names.length === 0
      ? namesWithUpstream(images)
      : names.map((tag) => ({ tag, image: requireStored(images, tag) }));
    const options = { catalogue, plainHttp: flags.plainHttp, signal: context.signal };
    const answers: Upstream[] = [];
    for (const { tag, image } of asked) {
      answers.push(await askUpstream(images, tag, image, options));
    }
    printList(context, flags.output, answers, [...COLUMNS], ({ tag, image, state, reason }) => ({
      name: tag,
      digest: image.digest,
      source: image.source,
      state,
      reason: reason ?? null,
    }));
  },
});
