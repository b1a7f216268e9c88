import { CocoonError } from "../errors/error.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { withMachine } from "./locked.ts";
import { backendOf } from "./plugins.ts";

const CONTROL_TIMEOUT_MS = 10_000;

/**
 * Pauses or resumes a machine; one that is in the wanted state already succeeds.
 * @throws {CocoonError} `conflict` when it does not run, `usage` when its backend cannot pause
 */
export async function setPaused(
  context: VmContext,
  machine: MachineRecord,
  paused: boolean,
): Promise<void> {
  await withMachine(context, machine, async (record) => {
    const verb = paused ? "pause" : "resume";
    if ((record.state !== "running" && record.state !== "paused") || record.run === undefined) {
      throw new CocoonError(
        "conflict",
        `machine "${record.name}" is ${record.state}, not running`,
        {
          hint: `Start it first: cocoon vm start ${record.name}`,
        },
      );
    }
    const control = (await backendOf(record)).control(record.run.control);
    const act = paused ? control.pause : control.resume;
    if (act === undefined) {
      throw new CocoonError("usage", `backend "${record.spec.backend}" cannot ${verb} a machine`);
    }
    // Asked of the hypervisor, not of the record: a verb that was killed in between is repeated.
    const state = await control.state(CONTROL_TIMEOUT_MS);
    if ((state === "paused") !== paused) await act.call(control, CONTROL_TIMEOUT_MS);
    context.store.machines.update(
      record.id,
      (now) =>
        now.state === "running" || now.state === "paused"
          ? { ...now, state: paused ? "paused" : "running" }
          : now,
    );
  });
}
