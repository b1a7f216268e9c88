import { CocoonError } from "../../errors/error.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { removeMachine } from "../../vm/remove.ts";
import { startMachine } from "../../vm/start.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag, switchFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { durationFlag } from "../quantity_flags.ts";
import { vmContext } from "./context.ts";
import { CREATE_ALIASES, CREATE_FLAGS, type CreateFlags } from "./create_flags.ts";
import { makeMachine, overridesOf } from "./make.ts";
import { newImageArgument } from "./new_image_argument.ts";
import { printMachine } from "./print_machine.ts";
import { refuseWithForeground, WAIT_FLAG, waitAfterStart, type WaitFlag } from "./wait_flag.ts";

interface Flags extends CreateFlags, OutputFlag, WaitFlag {
  foreground: boolean;
}

/** `cocoon vm run` */
export const command = defineCommand({
  description:
    "Makes a machine as `vm create` does and starts it. If it cannot be started, it is\n" +
    "removed again. With --wait ssh it returns when one can log in.",
  parameters: {
    flags: {
      ...CREATE_FLAGS,
      ...outputFlag,
      ...WAIT_FLAG,
      timeout: durationFlag("How long --wait waits (else defaults.wait_timeout)"),
      foreground: switchFlag("Stay, and print the console; for launchd, systemd and the like"),
    },
    aliases: { ...CREATE_ALIASES, ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [newImageArgument] },
  },
  async run(context: Context, flags: Flags, reference?: string) {
    if (flags.foreground) refuseWithForeground(flags);
    const vm = await vmContext(context);
    const config = await context.config(overridesOf(flags));
    const created = await makeMachine(context, vm, config, flags, reference, "run");
    if (flags.foreground) {
      const { startInForeground } = await import("./foreground.ts");
      const { stopTimeoutMs } = config.defaults;
      const untilEnd = await undoneOnFailure(
        vm,
        created,
        () => startInForeground(context, vm, created, created.launch, stopTimeoutMs),
      );
      return await untilEnd();
    }
    const { signal } = context;
    const started = await undoneOnFailure(vm, created, () => startMachine(vm, created, { signal }));
    try {
      await waitAfterStart(context, vm, started, flags, config);
    } catch (error) {
      // A guest that is late is left to be looked at; one that the user gave up is undone.
      if (!signal.aborted) throw error;
      const given = new CocoonError("interrupted", `machine "${created.name}": run interrupted`, {
        cause: error,
      });
      await undoneOnFailure(vm, created, () => Promise.reject(given));
    }
    await printMachine(context, vm, flags.output, started);
  },
});

/** Runs the start of a machine that was just made; without a start there is no machine. */
async function undoneOnFailure<T>(
  vm: VmContext,
  created: MachineRecord,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    // What is left when this fails too is a machine that `rm` removes; the first failure is told.
    const removed = await removeMachine(vm, created, true).then(() => true, () => false);
    if (!(error instanceof CocoonError)) throw error;
    const fate = removed ? "the machine was removed again" : `machine "${created.name}" is left`;
    throw new CocoonError(error.code, `${error.message}; ${fate}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}
