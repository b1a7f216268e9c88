import { CocoonError } from "../../errors/error.ts";
import type { LaunchSettings, MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { withMachine } from "../../vm/locked.ts";
import { beginStart } from "../../vm/start.ts";
import { stopMachine } from "../../vm/stop.ts";
import { supervise } from "../../vm/supervisor/supervisor.ts";
import type { Context } from "../context.ts";

/**
 * Starts a machine whose supervisor is this process; resolves once it runs. The console goes to
 * standard output; an interrupt (or SIGTERM, from a service manager) shuts the guest down.
 * @returns waits for the machine's end and gives the exit status: 0 after a stop that was asked
 * for, else that of the hypervisor
 * @throws {CocoonError} `conflict` when it runs already, and why it could not start
 */
export async function startInForeground(
  context: Context,
  vm: VmContext,
  machine: MachineRecord,
  launch: LaunchSettings,
  stopTimeoutMs: number,
): Promise<() => Promise<number>> {
  const { signal } = context;
  const supervision = await withMachine(vm, machine, async (record) => {
    if (await beginStart(vm, record, { launch, signal }) === "running") {
      throw new CocoonError("conflict", `machine "${record.name}" runs already`, {
        hint: `Look at its console: cocoon vm console ${record.name}`,
      });
    }
    const ready = Promise.withResolvers<void>();
    const done = supervise(vm, record.id, {
      mode: "start",
      signal,
      onReady: (failure) => failure === undefined ? ready.resolve() : ready.reject(failure),
      onOutput: writeOut,
    });
    // A supervisor that ends before it has told anything rejects with why.
    await Promise.race([ready.promise, done]);
    return { done };
  }, signal);
  const stop = () => {
    context.stderr(`cocoon: shutting "${machine.name}" down\n`);
    stopMachine(vm, machine, {
      timeoutMs: stopTimeoutMs,
      force: false,
      signal: new AbortController().signal,
    }).catch((error) => context.stderr(`cocoon: ${String(error)}\n`));
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return async () => {
    await supervision.done;
    const record = vm.store.machines.get(machine.id);
    if (record === undefined || record.desired === "stopped") return 0;
    return record.exit?.code ?? 1;
  };
}

function writeOut(data: Uint8Array): void {
  for (let done = 0; done < data.length;) done += Deno.stdout.writeSync(data.subarray(done));
}
