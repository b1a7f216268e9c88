import type { TypedFlagParameter } from "@stricli/core";
import { superviseCommand } from "../../vm/supervisor/command.ts";
import { machineArgument } from "../arguments.ts";
import { defineCommand, type Frame } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

type Mode = "start" | "adopt";

const MODE_FLAG: TypedFlagParameter<Mode, Frame> = {
  kind: "enum",
  values: ["start", "adopt"],
  brief: "Launch the machine, or stay with one that runs",
};

/** `cocoon supervise`: started by cocoon itself, one process for each machine that runs. */
export const command = defineCommand({
  parameters: {
    flags: { mode: MODE_FLAG },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, flags: { mode: Mode }, id: string) {
    await superviseCommand(await vmContext(context), id, flags.mode);
  },
});
