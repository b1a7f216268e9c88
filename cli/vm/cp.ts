import type { TypedFlagParameter } from "@stricli/core";
import { parseCopy } from "../../guest/copy_path.ts";
import { type CopyProtocol, opensshVersion, scpCommand } from "../../guest/scp_command.ts";
import { findMachine } from "../../vm/find.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { sshTargetOf } from "../../vm/ssh.ts";
import { switchFlag } from "../arguments.ts";
import { defineCommand, type Frame } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";
import { runInteractive } from "./interactive.ts";

interface Flags {
  recursive: boolean;
  protocol: CopyProtocol;
}

const PROTOCOL_FLAG: TypedFlagParameter<CopyProtocol, Frame> = {
  kind: "enum",
  values: ["sftp", "scp"],
  default: "sftp",
  brief: "sftp, or scp for guests without an SFTP server",
};

function pathArgument(placeholder: string, brief: string) {
  return { parse: (input: string) => input, placeholder, brief };
}

/** `cocoon vm cp` */
export const command = defineCommand({
  description:
    "Copies files between this computer and a guest. NAME:PATH is a path in the guest,\n" +
    "from the account's home unless it begins with a slash.",
  parameters: {
    flags: { recursive: switchFlag("Copy folders with all they hold"), protocol: PROTOCOL_FLAG },
    aliases: { r: "recursive" },
    positional: {
      kind: "tuple",
      parameters: [
        pathArgument("SOURCE", "What is copied: PATH or MACHINE:PATH"),
        pathArgument("TARGET", "Where to: PATH or MACHINE:PATH"),
      ],
    },
  },
  async run(context: Context, flags: Flags, source: string, target: string) {
    const copy = parseCopy(source, target);
    const vm = await vmContext(context);
    const found = findMachine(vm.store, copy.machine);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    const sshTarget = await sshTargetOf(vm, record);
    // `ssh -V` writes to standard error.
    const { stderr } = await context.host.run(["ssh", "-V"]);
    const client = opensshVersion(stderr) ?? { major: 9, minor: 0 };
    return await runInteractive(context, scpCommand(sshTarget, copy, { ...flags, client }));
  },
});
