import { CocoonError } from "../errors/error.ts";
import { markUsed } from "../images/usage.ts";
import { isActive, type LaunchSettings, type MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { withMachine } from "./locked.ts";
import { reconcile } from "./reconcile.ts";

/** Milliseconds that a start waits for a stop that is under way. */
const STOP_WAIT_MS = 60_000;

/** How a machine is started. */
export interface StartOptions {
  /** The settings of today's configuration; absent = those of the last start. */
  launch?: LaunchSettings;
  signal: AbortSignal;
}

/**
 * Starts a machine and returns once its hypervisor says that it runs (not: once the guest has
 * booted). A machine that runs already is started.
 * @throws {CocoonError} why it could not start; it is then cleaned up, in state `error`
 */
export async function startMachine(
  context: VmContext,
  machine: MachineRecord,
  options: StartOptions,
): Promise<MachineRecord> {
  return await withMachine(context, machine, async (record) => {
    if (await beginStart(context, record, options) === "running") return record;
    const { spawnSupervisor } = await import("./supervisor/spawn.ts");
    try {
      await spawnSupervisor(context, record, "start", options.signal);
    } catch (error) {
      if (options.signal.aborted) await undoStart(context, record);
      throw error;
    }
    return context.store.machines.get(record.id) ?? record;
  }, options.signal);
}

/** Ends a start that the user interrupted; not itself interruptible. */
async function undoStart(context: VmContext, record: MachineRecord): Promise<never> {
  const { stopLocked } = await import("./stop.ts");
  const signal = new AbortController().signal;
  await stopLocked(context, context.store.machines.get(record.id) ?? record, {
    force: true,
    timeoutMs: 0,
    signal,
  });
  throw new CocoonError("interrupted", `machine "${record.name}": start interrupted; it is off`);
}

/** A guest that is shutting down is waited for, so that "stop &" and "start" end with it running. */
async function waitForStop(context: VmContext, record: MachineRecord): Promise<MachineRecord> {
  const deadline = performance.now() + STOP_WAIT_MS;
  while (performance.now() < deadline) {
    // Looked at, not only read: the supervisor may have died since.
    const found = context.store.machines.get(record.id) ?? record;
    const now = await reconcile(context, found, { lockHeld: true }) ?? found;
    if (now.state !== "stopping") return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new CocoonError("conflict", `machine "${record.name}" is still shutting down`, {
    hint: `Wait for it, or end it: cocoon vm stop --force ${record.name}`,
  });
}

/**
 * Writes the wish down before anything is begun; the caller holds the lock.
 * @throws {CocoonError} `conflict` when it is paused, being removed, half made or still stopping
 * @returns whether there is anything to do
 */
export async function beginStart(
  context: VmContext,
  found: MachineRecord,
  options: StartOptions,
): Promise<"running" | "begun"> {
  const record = found.state === "stopping" ? await waitForStop(context, found) : found;
  if (record.removing) {
    throw new CocoonError("conflict", `machine "${record.name}" is being removed`, {
      hint: `Finish that: cocoon vm rm ${record.name}`,
    });
  }
  if (record.state === "creating") {
    throw new CocoonError("conflict", `machine "${record.name}" was never finished`, {
      hint: `Remove it and create it again: cocoon vm rm ${record.name}`,
    });
  }
  // Not resumed here: whoever paused it may have had a reason (a copy of its disks is under way, or
  // memory is short), and "started" must not be said of a machine that stands still.
  if (record.state === "paused") {
    throw new CocoonError("conflict", `machine "${record.name}" is paused, not off`, {
      hint: `Let it go on: cocoon vm resume ${record.name}`,
    });
  }
  if (isActive(record.state)) {
    context.store.machines.update(record.id, (now) => ({ ...now, desired: "running" }));
    return "running";
  }
  // The age of an image decides whether a budget removes it; a start that fails of this is worse.
  if (record.imageDigest !== undefined) {
    await markUsed(context, record.imageDigest).catch(() => {});
  }
  // Made here and not by the supervisor: one that comes late must not make it again after `rm`.
  await Deno.mkdir(context.home.runDir(record.id), { recursive: true, mode: 0o700 });
  context.store.machines.update(record.id, (now) => {
    const { lastError: _lastError, exit: _exit, ...rest } = now;
    return {
      ...rest,
      launch: options.launch ?? now.launch,
      state: "starting",
      desired: "running",
      stale: false,
      restarts: 0,
    };
  });
  return "begun";
}
