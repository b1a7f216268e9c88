import type { TypedFlagParameter } from "@stricli/core";
import { type LogName, logPath, readLog } from "../../vm/logs.ts";
import { findMachine } from "../../vm/find.ts";
import { integerFlag, machineArgument, switchFlag } from "../arguments.ts";
import { defineCommand, type Frame } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

interface Flags {
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
  description: "Prints what the guest wrote to its console, also in earlier runs.",
  parameters: {
    flags: {
      follow: switchFlag("Go on with what is written from now on, until Ctrl-C"),
      tail: integerFlag("Only the last N lines", 0),
      log: LOG_FLAG,
    },
    aliases: { f: "follow", n: "tail" },
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
    for await (const chunk of chunks) context.stdout(text.decode(chunk, { stream: true }));
    // Ctrl-C is how one leaves `-f`; it is no failure.
    return 0;
  },
});
