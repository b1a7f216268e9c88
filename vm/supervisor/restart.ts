import type { MachineRecord } from "../../state/machine_record.ts";
import type { HypervisorEnd } from "./settle.ts";

/** First pause before a restart, in milliseconds; doubled each time. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A run of at least this many milliseconds was healthy: the pauses start anew. */
export const HEALTHY_RUN_MS = 60_000;

/**
 * Milliseconds to wait before the machine is started again, undefined to leave it. Nothing is
 * restarted that the user has stopped. A guest that powers itself off ends its hypervisor with
 * status 0, or says so where no status is seen, which is a failure only to `always`. One that reboots is started whatever the policy.
 * The loss of a helper is a failure, however well the guest has shut down after it.
 */
export function restartPause(record: MachineRecord, end: HypervisorEnd): number | undefined {
  if (record.desired !== "running") return undefined;
  if (end.rebooted) return 0;
  const policy = record.spec.restart;
  if (policy === "no") return undefined;
  const good = end.code === 0 || end.poweredOff === true;
  if (policy === "on-failure" && good && end.lostHelper === undefined) return undefined;
  return Math.min(FIRST_PAUSE_MS * 2 ** record.restarts, LONGEST_PAUSE_MS);
}
