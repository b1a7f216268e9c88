import { CocoonError } from "../../errors/error.ts";
import { inspectImage } from "../../images/list.ts";
import {
  imageArgument,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printFacts } from "../output.ts";
import { imageContext } from "./context.ts";
import { imageFacts, imageJson } from "./view.ts";

interface Flags extends OutputFlag {
  check: boolean;
}

/** `cocoon image inspect` */
export const command = defineCommand({
  parameters: {
    flags: {
      check: switchFlag("Read the whole disk and compare it with its digest"),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [imageArgument] },
  },
  async run(context: Context, flags: Flags, reference: string) {
    const image = await inspectImage(await imageContext(context), reference, {
      check: flags.check,
      signal: context.signal,
    });
    const { machines, diskPath, lastUsedAt, intact } = image;
    printFacts(context, flags.output, {
      ...imageJson(image),
      machines,
      diskPath,
      lastUsedAt: lastUsedAt ?? null,
      ...(intact === undefined ? {} : { intact }),
    }, [
      ...imageFacts(image),
      ["machines", machines.length === 0 ? "-" : machines.join(", ")],
      ["disk", diskPath],
      ["last used", lastUsedAt ?? "-"],
      ...(intact === undefined ? [] : [["intact", intact ? "yes" : "no"] as const]),
    ]);
    if (intact === false) {
      throw new CocoonError("failed", `image "${reference}": its content has changed`, {
        hint: "Remove it and get it again; machines made from it may hold the same damage.",
      });
    }
  },
});
