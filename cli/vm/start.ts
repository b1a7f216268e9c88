import {
  machineArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { CocoonError } from "../../errors/error.ts";
import { findMachine } from "../../vm/find.ts";
import { startMachine } from "../../vm/start.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { durationFlag } from "../quantity_flags.ts";
import { vmContext } from "./context.ts";
import { launchSettings } from "./launch_settings.ts";
import { onMachines } from "./machines.ts";
import { refuseWithForeground, WAIT_FLAG, waitAfterStart, type WaitFlag } from "./wait_flag.ts";

interface Flags extends OutputFlag, WaitFlag {
  foreground: boolean;
}

/** `cocoon vm start` */
export const command = defineCommand({
  description: "Returns when the machine runs, or, with --wait ssh, when one can log in.\n" +
    "A machine that runs is started already; one that is paused goes on by `vm resume`.",
  parameters: {
    flags: {
      ...outputFlag,
      ...WAIT_FLAG,
      timeout: durationFlag("How long --wait waits (else defaults.wait_timeout)"),
      foreground: switchFlag("Stay, and print the console; for launchd, systemd and the like"),
    },
    aliases: { ...OUTPUT_ALIAS },
    positional: machineArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const vm = await vmContext(context);
    const config = await context.config();
    if (flags.foreground) {
      refuseWithForeground(flags);
      const [reference, ...others] = references;
      if (reference === undefined || others.length > 0) {
        throw new CocoonError("usage", "--foreground takes one machine");
      }
      const { startInForeground } = await import("./foreground.ts");
      const record = findMachine(vm.store, reference);
      const launch = await launchSettings(config, record.spec);
      const { stopTimeoutMs } = config.defaults;
      const untilEnd = await startInForeground(context, vm, record, launch, stopTimeoutMs);
      return await untilEnd();
    }
    await onMachines(context, vm, flags.output, references, async (record) => {
      const launch = await launchSettings(config, record.spec);
      const started = await startMachine(vm, record, { launch, signal: context.signal });
      await waitAfterStart(context, vm, started, flags, config);
    });
  },
});
