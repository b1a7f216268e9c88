/** Ends a hypervisor: first by asking the guest, at the end by force. */
import { processesHolding, signalProcess } from "../host/process.ts";
import type { Control } from "../plugins/contract.ts";
import { aliveLockPath, isAlive, waitUntilDead } from "./liveness.ts";
import { backendOf } from "./plugins.ts";
import type { VmContext } from "./context.ts";

/** Milliseconds between two presses of the power button: a guest that still boots misses one. */
const PRESS_INTERVAL_MS = 4_000;
const CONTROL_TIMEOUT_MS = 3_000;
/** Milliseconds that each step of force gets before the next one. */
const FORCE_STEP_MS = 5_000;

/** Which step ended the hypervisor. */
export type StopStep = "none" | "power button" | "quit" | "SIGTERM" | "SIGKILL";

/**
 * Presses the power button and waits until the hypervisor has ended, at most `timeoutMs`.
 * Aborting the signal ends the wait without touching the machine any more.
 */
export async function askGuest(
  context: VmContext,
  id: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<StopStep | undefined> {
  if (!isAlive(context.home, id)) return "none";
  const control = await controlOf(context, id);
  const deadline = performance.now() + timeoutMs;
  let nextPress = 0;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (performance.now() >= nextPress) {
      await wake(control);
      // A hypervisor that does not answer is dealt with by force after the time is up.
      await control?.requestStop(CONTROL_TIMEOUT_MS).catch(() => {});
      nextPress = performance.now() + PRESS_INTERVAL_MS;
    }
    if (await waitUntilDead(context.home, id, 250)) return "power button";
  }
  return undefined;
}

/** A paused guest cannot react to its power button. */
async function wake(control: Control | undefined): Promise<void> {
  try {
    if (await control?.state(CONTROL_TIMEOUT_MS) === "paused") {
      await control?.resume?.(CONTROL_TIMEOUT_MS);
    }
  } catch {
    // See above: force comes later.
  }
}

/** Ends the hypervisor without asking the guest: quit, SIGTERM, SIGKILL. Idempotent. */
export async function killAll(context: VmContext, id: string): Promise<StopStep> {
  const { home } = context;
  if (!isAlive(home, id)) return "none";
  const control = await controlOf(context, id);
  const quit = await control?.quit?.(CONTROL_TIMEOUT_MS).then(() => true, () => false);
  if (quit && await waitUntilDead(home, id, FORCE_STEP_MS)) return "quit";
  const graceMs = await terminationGrace(context, id);
  for (const [name, waitMs] of [["SIGTERM", graceMs], ["SIGKILL", FORCE_STEP_MS]] as const) {
    // Found by the lock and not by the record: a supervisor may have died before it wrote the pid.
    for (const holder of processesHolding(aliveLockPath(home, id))) signalProcess(holder, name);
    if (await waitUntilDead(home, id, waitMs)) return name;
  }
  const { CocoonError } = await import("../errors/error.ts");
  throw new CocoonError("failed", `machine ${id}: its hypervisor survives SIGKILL`, {
    hint: "It hangs in the kernel, usually on a disk that does not answer. Look at dmesg.",
  });
}

async function terminationGrace(context: VmContext, id: string): Promise<number> {
  const record = context.store.machines.get(id);
  const backend = record && await backendOf(record);
  return backend?.terminationGraceMs ?? FORCE_STEP_MS;
}

async function controlOf(context: VmContext, id: string): Promise<Control | undefined> {
  const record = context.store.machines.get(id);
  if (record?.run === undefined) return undefined;
  return (await backendOf(record)).control(record.run.control);
}
