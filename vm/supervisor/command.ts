import { CocoonError, messageOf } from "../../errors/error.ts";
import type { VmContext } from "../context.ts";
import type { ReadyLine } from "./spawn.ts";
import { supervise } from "./supervisor.ts";

/** `cocoon supervise --mode=MODE ID`: the supervisor as a process of its own. */
export async function superviseCommand(
  context: VmContext,
  id: string,
  mode: "start" | "adopt",
): Promise<void> {
  // Only SIGKILL ends a supervisor before its machine: a hangup or a logout must not.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
  await supervise(context, id, {
    mode,
    onReady: (failure) => {
      report(failure);
    },
    signal: new AbortController().signal,
  });
}

function report(failure: CocoonError | undefined): void {
  const line: ReadyLine = failure === undefined ? { ok: true } : {
    ok: false,
    code: failure.code,
    message: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  };
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
    Deno.stdout.close();
  } catch (error) {
    // The command that started this supervisor is gone; the machine is not.
    console.error(`nobody waits for the ready line: ${messageOf(error)}`);
  }
}
