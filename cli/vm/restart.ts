import {
  machineArguments,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  switchFlag,
} from "../arguments.ts";
import { startMachine } from "../../vm/start.ts";
import { stopMachine } from "../../vm/stop.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { durationFlag } from "../quantity_flags.ts";
import { vmContext } from "./context.ts";
import { launchSettings } from "./launch_settings.ts";
import { onMachines } from "./machines.ts";
import { WAIT_FLAG, waitAfterStart, type WaitFlag } from "./wait_flag.ts";

interface Flags extends OutputFlag, WaitFlag {
  force: boolean;
}

/** `cocoon vm restart` */
export const command = defineCommand({
  description: "Stops the machine as `vm stop` does, and starts it; one that is off is started.",
  parameters: {
    flags: {
      ...outputFlag,
      ...WAIT_FLAG,
      timeout: durationFlag("How long --wait waits (else defaults.wait_timeout)"),
      force: switchFlag("End it at once, without asking the guest"),
    },
    aliases: { ...OUTPUT_ALIAS, f: "force" },
    positional: machineArguments,
  },
  async run(context: Context, flags: Flags, ...references: string[]) {
    const vm = await vmContext(context);
    const config = await context.config();
    const { signal } = context;
    await onMachines(context, vm, flags.output, references, async (record) => {
      const launch = await launchSettings(config, record.spec);
      const { stopTimeoutMs } = config.defaults;
      await stopMachine(vm, record, { timeoutMs: stopTimeoutMs, force: flags.force, signal });
      const started = await startMachine(vm, record, { launch, signal });
      await waitAfterStart(context, vm, started, flags, config);
    });
  },
});
