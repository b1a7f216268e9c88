import { sshCommand } from "../../guest/ssh_command.ts";
import { findMachine } from "../../vm/find.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { sshTargetOf } from "../../vm/ssh.ts";
import { machineArgument, switchFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { loginUserFlag } from "./account_flags.ts";
import { vmContext } from "./context.ts";
import { runInteractive } from "./interactive.ts";

interface Flags {
  user?: string;
  tty: boolean;
}

/** `cocoon vm ssh` */
export const command = defineCommand({
  description:
    "Logs in to the guest, or runs a command in it: cocoon ssh NAME -- COMMAND ARGUMENT...\n" +
    "One word is a line for the guest's shell; several words reach the command as they are.\n" +
    "The exit status is the command's.",
  parameters: {
    flags: {
      user: loginUserFlag("Log in as this account (else the one that cocoon made)"),
      tty: switchFlag("Give the command a terminal"),
    },
    aliases: { l: "user", t: "tty" },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { ...machineArgument, placeholder: "MACHINE|COMMAND" },
    },
  },
  async run(context: Context, flags: Flags, reference: string, ...words: string[]) {
    const vm = await vmContext(context);
    const found = findMachine(vm.store, reference);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    const target = await sshTargetOf(vm, record, flags.user);
    return await runInteractive(context, sshCommand(target, { command: words, tty: flags.tty }));
  },
});
