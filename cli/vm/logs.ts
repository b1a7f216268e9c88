import type { TypedFlagParameter } from "@stricli/core";
import { linesOf, type LogName, logPath, readLog } from "../../vm/logs.ts";
import { findMachine } from "../../vm/find.ts";
import {
  integerFlag,
  machineArgument,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { defineCommand, type Frame } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

interface Flags extends OutputFlag {
  follow: boolean;
  tail?: number;
  log: LogName;
}

const LOG_FLAG: TypedFlagParameter<LogName, Frame> = {
  kind: "enum",
  values: ["console", "hypervisor", "supervisor"],
  default: "console",
  brief: "Which log: what the guest printed, or its hypervisor, or its supervisor",
};

/** `cocoon vm logs` */
export const command = defineCommand({
  description: "Prints what the guest wrote to its console, also in earlier runs.\n" +
    "With --output json each line is one JSON object, on a line of its own.",
  parameters: {
    flags: {
      follow: switchFlag("Go on with what is written from now on, until Ctrl-C"),
      tail: integerFlag("Only the last N lines", 0),
      log: LOG_FLAG,
      ...outputFlag,
    },
    aliases: { f: "follow", n: "tail", ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, flags: Flags, reference: string) {
    const vm = await vmContext(context);
    const record = findMachine(vm.store, reference);
    const chunks = readLog(logPath(vm.home, record.id, flags.log), {
      ...(flags.tail === undefined ? {} : { lines: flags.tail }),
      follow: flags.follow,
      signal: flags.follow ? context.signal : new AbortController().signal,
    });
    const text = new TextDecoder();
    if (flags.output === "json") {
      for await (const line of linesOf(chunks)) {
        context.stdout(`${JSON.stringify({ machine: record.name, log: flags.log, line })}\n`);
      }
      return 0;
    }
    for await (const chunk of chunks) context.stdout(text.decode(chunk, { stream: true }));
    // Ctrl-C is how one leaves `-f`; it is no failure.
    return 0;
  },
});
