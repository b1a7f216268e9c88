import type { TypedFlagParameter } from "@stricli/core";
import { CocoonError, EXIT_CODES } from "../../errors/error.ts";
import { type CopyRequest, parseCopy } from "../../guest/copy_path.ts";
import { type CopyProtocol, opensshVersion, scpCommand } from "../../guest/scp_command.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { findMachine } from "../../vm/find.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { sshTargetOf } from "../../vm/ssh.ts";
import { machineArgument, switchFlag } from "../arguments.ts";
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

/** Completes `NAME:`; without a proposal the shell completes the names of files. */
async function remoteSides(this: Frame, partial: string): Promise<readonly string[]> {
  return (await machineArgument.proposeCompletions.call(this, partial)).map((name) => `${name}:`);
}

function pathArgument(placeholder: string, brief: string) {
  return {
    parse: (input: string) => input,
    placeholder,
    brief,
    proposeCompletions: remoteSides,
  };
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
    if (copy.direction === "to-machine" && !context.host.exists(copy.localPath)) {
      throw new CocoonError("not-found", `copy: ${copy.localPath}: no such file or folder`);
    }
    const vm = await vmContext(context);
    const found = machineOf(vm, copy);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    const sshTarget = await sshTargetOf(vm, record);
    // `ssh -V` writes to standard error.
    const { stderr } = await context.host.run(["ssh", "-V"]);
    const client = opensshVersion(stderr) ?? { major: 9, minor: 0 };
    const code = await runInteractive(context, scpCommand(sshTarget, copy, { ...flags, client }));
    return code === SSH_FAILED ? EXIT_CODES.failed : code;
  },
});

/** The exit status of `scp` where `ssh` failed; its own texts have said why. */
const SSH_FAILED = 255;

/** A name with a colon may have been meant for a file. */
function machineOf(vm: VmContext, { machine, direction, remotePath }: CopyRequest): MachineRecord {
  try {
    return findMachine(vm.store, machine);
  } catch (error) {
    if (!(error instanceof CocoonError) || error.code !== "not-found") throw error;
    const side = direction === "from-machine" ? "SOURCE" : "TARGET";
    const file = `For a file here, write the ${side} as: ./${machine}:${remotePath}`;
    throw new CocoonError(error.code, error.message, {
      hint: error.hint === undefined ? file : `${error.hint}\n${file}`,
      cause: error,
    });
  }
}
