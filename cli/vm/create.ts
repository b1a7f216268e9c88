import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { CREATE_ALIASES, CREATE_FLAGS, type CreateFlags } from "./create_flags.ts";
import { makeMachine, overridesOf } from "./make.ts";
import { newImageArgument } from "./new_image_argument.ts";
import { printMachine } from "./print_machine.ts";
import { vmContext } from "./context.ts";

/** `cocoon vm create` */
export const command = defineCommand({
  description:
    "Makes a machine from an image: a name from `cocoon image list`, a file or a URL.\n" +
    "The machine is off; `cocoon vm start` starts it.",
  parameters: {
    flags: { ...CREATE_FLAGS, ...outputFlag },
    aliases: { ...CREATE_ALIASES, ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [newImageArgument] },
  },
  async run(context: Context, flags: CreateFlags & OutputFlag, reference?: string) {
    const vm = await vmContext(context);
    const config = await context.config(overridesOf(flags));
    const record = await makeMachine(context, vm, config, flags, reference, "create");
    await printMachine(context, vm, flags.output, record);
  },
});
