import {
  machineArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { durationFlag } from "../quantity_flags.ts";
import { stopMachine } from "../../vm/stop.ts";
import { vmContext } from "./context.ts";
import { onMachines } from "./machines.ts";

interface Flags extends OutputFlag {
  timeout?: number;
  force: boolean;
}

/** `cocoon vm stop` */
export const command = defineCommand({
  description:
    "Presses the power button and waits. A guest that has not shut down in time is ended.\n" +
    "A machine that is off is stopped already.",
  parameters: {
    flags: {
      ...outputFlag,
      timeout: durationFlag("How long the guest may take (else defaults.stop_timeout)"),
      force: switchFlag("End it at once, without asking the guest"),
    },
    aliases: { ...OUTPUT_ALIAS, f: "force", t: "timeout" },
    positional: machineArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const vm = await vmContext(context);
    const timeoutMs = flags.timeout ??
      (flags.force ? 0 : (await context.config()).defaults.stopTimeoutMs);
    await onMachines(context, vm, flags.output, references, async (record) => {
      const step = await stopMachine(vm, record, {
        timeoutMs,
        force: flags.force,
        signal: context.signal,
      });
      if (flags.force || step === "none" || step === "power button") return;
      context.stderr(
        `cocoon: machine "${record.name}" did not shut down in time and was ended (${step})\n`,
      );
    });
  },
});
