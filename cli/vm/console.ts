import { attachTerminal } from "../../vm/console/attach.ts";
import { DEFAULT_ESCAPE, parseEscape } from "../../vm/console/detach.ts";
import { findMachine } from "../../vm/find.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { machineArgument, textFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

interface Flags {
  escapeChar?: string;
}

/** `cocoon vm console` */
export const command = defineCommand({
  description: "Connects this terminal to the guest's serial console. The last output is shown\n" +
    "first; several terminals may be connected. Ctrl-] and then a full stop disconnects.",
  parameters: {
    flags: {
      escapeChar: textFlag('First key of the sequence that disconnects (else "^]")', "CHAR"),
    },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, flags: Flags, reference: string) {
    const vm = await vmContext(context);
    const key = flags.escapeChar ?? DEFAULT_ESCAPE;
    const escape = parseEscape(key);
    const found = findMachine(vm.store, reference);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    const reason = await attachTerminal(vm, record, {
      escape,
      signal: context.signal,
      onAttached: () =>
        context.stderr(
          `Connected to ${record.name}. To disconnect, type ${key} and then a stop.\r\n`,
        ),
    });
    context.stderr(
      reason === "machine-ended"
        ? `\r\nThe console of ${record.name} has ended.\n`
        : `\r\nDisconnected from ${record.name}.\n`,
    );
  },
});
