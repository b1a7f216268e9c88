import type { TypedFlagParameter } from "@stricli/core";
import { CocoonError } from "../../errors/error.ts";
import type { OutputFlag } from "../arguments.ts";
import type { Config } from "../../config/types.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { waitFor } from "../../vm/wait.ts";
import type { Frame } from "../command.ts";
import type { Context } from "../context.ts";

/** Values of {@linkcode WAIT_FLAG} and of the time that goes with it. */
export interface WaitFlag {
  wait: "running" | "ssh";
  timeout?: number;
}

/** `--wait running|ssh`: when a verb that starts machines returns. */
export const WAIT_FLAG: { wait: TypedFlagParameter<WaitFlag["wait"], Frame> } = {
  wait: {
    kind: "enum",
    values: ["running", "ssh"],
    default: "running",
    brief: "Return when the machine runs, or when one can log in",
  },
};

/** Waits for what `--wait` asks beyond a machine that runs. */
export async function waitAfterStart(
  context: Context,
  vm: VmContext,
  record: MachineRecord,
  flags: WaitFlag,
  config: Config,
): Promise<void> {
  if (flags.wait === "running") return;
  await waitFor(vm, record, "ssh", {
    timeoutMs: flags.timeout ?? config.defaults.waitTimeoutMs,
    signal: context.signal,
  });
}

/**
 * @throws {CocoonError} `usage` for flags that mean nothing to a command that stays
 */
export function refuseWithForeground(flags: WaitFlag & OutputFlag): void {
  const wrong = flags.wait === "ssh"
    ? "--wait ssh"
    : flags.output === "json"
    ? "--output json"
    : "";
  if (wrong === "") return;
  throw new CocoonError("usage", `--foreground and ${wrong} exclude each other`, {
    hint: "In the foreground standard output is the guest's console, until the machine ends.",
  });
}
