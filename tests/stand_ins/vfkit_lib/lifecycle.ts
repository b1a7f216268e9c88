/** Runs a machine to its end, with vfkit's signal handling. */
import { VfkitError } from "./error.ts";
import { runExitHandlers } from "./exit_handlers.ts";
import { endedBySignal } from "./framework/unixgram.ts";
import * as log from "./log.ts";
import type { Machine, State } from "./machine.ts";
import type { Release } from "./versions.ts";

/** vfkit's fixed time for a start, and for a guest that was asked to stop by a signal. */
const STATE_MS = 5_000;

/** @throws {VfkitError} when the machine fails, or the state does not come in time */
async function waitForState(machine: Machine, state: State, timeoutMs?: number): Promise<void> {
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  while (true) {
    const next = await machine.events.next(deadline);
    if (next === undefined) throw new VfkitError("timeout waiting for VM state");
    if (next === state) return;
    if (next === "Error") throw new VfkitError("hypervisor virtualization error");
  }
}

/**
 * Starts the machine and waits until it has stopped.
 * @param whenRunning what vfkit does once the machine runs
 * @throws {VfkitError}
 */
export async function runToEnd(machine: Machine, whenRunning: () => void): Promise<void> {
  await machine.start();
  await waitForState(machine, "Running", STATE_MS);
  log.info("virtual machine is running");
  whenRunning();
  log.info("waiting for VM to stop");
  try {
    await waitForState(machine, "Stopped");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new VfkitError(`virtualization error: ${message}`);
  }
  log.info("VM is stopped");
}

/**
 * SIGTERM and SIGINT. Each signal waits for the machine's states beside everybody else, and each
 * state reaches one of those who wait: a signal during the start takes the Running of
 * {@linkcode runToEnd}, and a second signal takes the Stopped of the first, after which nothing
 * ends this process.
 */
export function handleSignals(machine: Machine, release: Release): void {
  let signals = 0;
  for (const [signal, name] of [["SIGTERM", "terminated"], ["SIGINT", "interrupt"]] as const) {
    Deno.addSignalListener(signal, () => {
      log.plain(`captured ${name}, calling exit handlers and exiting..`);
      endedBySignal();
      if (!release.has("gracefulSignals")) return cutAndExit(machine);
      shutDown(machine, ++signals === 1);
    });
  }
}

/** Until 0.6.1: the guest's power is cut. */
function cutAndExit(machine: Machine): void {
  machine.guest.cutPower();
  runExitHandlers();
  Deno.exit(1);
}

async function shutDown(machine: Machine, first: boolean): Promise<void> {
  log.debug("shutting down...");
  try {
    machine.requestStop();
  } catch {
    // It does not run; the wait is the same.
  }
  try {
    await waitForState(machine, "Stopped", STATE_MS);
    log.debug("VM stopped gracefully");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error(`failed to wait for VM stop: ${message}, forcing stop`);
    // Who waits for the end gets to know of it.
    await machine.stop().catch(() => {});
    return;
  }
  if (!first) return;
  runExitHandlers();
  Deno.exit(0);
}
