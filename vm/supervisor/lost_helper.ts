/** What is done when a helper of a running machine has ended. */
import type { VmContext } from "../context.ts";
import { isAlive, waitUntilDead } from "../liveness.ts";
import { lossOf } from "./settle.ts";

/** Milliseconds in which a hypervisor that is ending, and lets go of its helper first, ends. */
const ENDING_MS = 1_000;
/** Milliseconds that the guest gets to shut down before a restart. */
const SHUTDOWN_MS = 30_000;

/**
 * A helper never comes back to a running hypervisor: the card it served is dead. The record says so
 * within 2 s. Where the policy restarts failed machines, this one is ended: first by asking the
 * guest, as only its network is gone.
 * @param onEnding called before that
 */
export async function helperLost(
  context: VmContext,
  id: string,
  role: string,
  onEnding: () => void,
): Promise<void> {
  if (await waitUntilDead(context.home, id, ENDING_MS)) return;
  const record = context.store.machines.update(id, (now) => ({ ...now, lastError: lossOf(role) }));
  if (record === undefined || record.spec.restart === "no") return;
  if (record.desired !== "running" || !isAlive(context.home, id)) return;
  console.error(`${lossOf(role)}; the machine is ended to be started again`);
  onEnding();
  const { askGuest, killAll } = await import("../stop_ladder.ts");
  const signal = new AbortController().signal;
  if (await askGuest(context, id, SHUTDOWN_MS, signal) === undefined) await killAll(context, id);
}
