/**
 * The process that stays with a machine: starts it, keeps its console, notices the end of the
 * hypervisor or of a helper, cleans up, and applies the restart policy.
 *
 * It holds the supervisor's lock for its whole life. If it dies, the machine goes on, and the next
 * command starts another one that adopts the machine.
 */
import { CocoonError, messageOf } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { isRunning, processesHolding } from "../../host/process.ts";
import type { Backend, Control } from "../../plugins/contract.ts";
import { isActive, type MachineRecord, type RunInfo } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { refreshNames } from "../names.ts";
import { aliveLockPath, isAlive } from "../liveness.ts";
import { backendOf } from "../plugins.ts";
import { ConsoleHub } from "./console_hub.ts";
import { keepConsole } from "./console_keeper.ts";
import { openConsole } from "./console_source.ts";
import { lastWordsOf } from "./last_words.ts";
import { launch } from "./launch.ts";
import { helperLost } from "./lost_helper.ts";
import { HEALTHY_RUN_MS, restartPause } from "./restart.ts";
import { describeEnd, type HypervisorEnd, settle, sweepSockets } from "./settle.ts";
import { serveStatus } from "./status.ts";
import { takeOver } from "./take_over.ts";

/** Milliseconds between two looks at what was adopted, or at the user's wish during a pause. */
const WATCH_INTERVAL_MS = 200;
/** Milliseconds that a guest's last words may take from its terminal into the log. */
const LAST_WORDS_MS = 500;
/** Milliseconds between two questions to a hypervisor that was just adopted. */
const ADOPT_POLL_MS = 50;

/** How a supervisor is started. */
export interface SuperviseOptions {
  /** `start`: launch the machine. `adopt`: it runs already. */
  mode: "start" | "adopt";
  /** Called once, when the machine runs or has failed to start. */
  onReady: (failure: CocoonError | undefined) => void;
  /** Gets all console output; for the foreground. */
  onOutput?: (data: Uint8Array) => void;
  /** Aborted = give up a start that is under way. */
  signal: AbortSignal;
}

/**
 * Supervises one machine until it has ended for good. Failures to start go to `onReady`; the
 * promise resolves in any case.
 */
export async function supervise(
  context: VmContext,
  id: string,
  options: SuperviseOptions,
): Promise<void> {
  const duty = await takeOver(context, id, options.mode);
  if (!("lock" in duty)) return options.onReady(duty.failure);
  using _lock = duty.lock;
  let end = await superviseRun(context, id, options);
  // The user has been told; whether to try again is the user's to say.
  if (end === undefined) return;
  while (true) {
    const record = await settle(context, id, end);
    if (record === undefined || !await pauseBeforeRestart(context, record, end)) return;
    const onReady: SuperviseOptions["onReady"] = (failure) => {
      if (failure !== undefined) console.error(`restart failed: ${failure.message}`);
    };
    // A restart that fails is one more end without a status, with a longer pause after it.
    end = await superviseRun(context, id, { ...options, mode: "start", onReady }) ??
      { code: null, signal: null };
  }
}

/** One run to its end; undefined when it did not come to be (then it is settled already). */
async function superviseRun(
  context: VmContext,
  id: string,
  options: SuperviseOptions,
): Promise<HypervisorEnd | undefined> {
  await using cleanup = new AsyncDisposableStack();
  let running: Running;
  try {
    running = options.mode === "start"
      ? await start(context, id, options.signal)
      : await adopt(context, id);
    await serve(context, id, running, options, cleanup);
    await refreshNames(context);
  } catch (error) {
    options.onReady(await giveUp(context, id, options.mode, error));
    return undefined;
  }
  options.onReady(undefined);
  // A stop that came during the start may have found nothing to stop. One that came before an
  // adoption has asked the guest, which is shutting down now.
  if (options.mode === "start" && context.store.machines.get(id)?.desired !== "running") {
    await killHypervisor(context, id);
  }
  const startedAt = performance.now();
  let lostHelper: string | undefined;
  running.lost.then((role) => helperLost(context, id, role, () => lostHelper = role))
    .catch((error) => console.error(messageOf(error)));
  const backend = await backendOf(running.record);
  const end = {
    ...await withLastWords(await running.end, backend, running.info),
    ...(lostHelper === undefined ? {} : { lostHelper }),
  };
  if (performance.now() - startedAt >= HEALTHY_RUN_MS) {
    context.store.machines.update(id, (now) => ({ ...now, restarts: 0 }));
  }
  return end;
}

/** Offers the console and the status of a machine that runs, until `cleanup` is disposed of. */
async function serve(
  context: VmContext,
  id: string,
  running: Running,
  options: SuperviseOptions,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const runDir = context.home.runDir(id);
  const { info } = running;
  const writesLog = info.console.loggedBy === "supervisor";
  const hub = new ConsoleHub(join(runDir, "console.sock"), info.consoleLogPath, writesLog);
  cleanup.defer(() => hub.close());
  hub.onOutput = options.onOutput;
  const status = serveStatus(join(runDir, "supervisor.sock"), () => ({
    id,
    pid: Deno.pid,
    terminals: hub.terminals,
  }));
  cleanup.defer(() => status.shutdown());
  hub.listen();
  const control = (await backendOf(running.record)).control(info.control);
  const ended = new AbortController();
  cleanup.defer(() => ended.abort());
  await keepConsole(hub, {
    open: () => openConsole(info.console, control),
    isWanted: () => !ended.signal.aborted && isAlive(context.home, id),
  });
}

/**
 * After a run that did not come to be: a start is undone. An adoption is only given up: the machine
 * runs on as it did, and the next command tries again.
 */
async function giveUp(
  context: VmContext,
  id: string,
  mode: SuperviseOptions["mode"],
  error: unknown,
): Promise<CocoonError> {
  if (mode === "start") {
    await killHypervisor(context, id);
    await settle(context, id, { code: null, signal: null }, messageOf(error));
  }
  return error instanceof CocoonError
    ? error
    : new CocoonError("failed", messageOf(error), { cause: error });
}

/** Reads how the guest ended where the hypervisor's end does not tell. */
async function withLastWords(
  end: HypervisorEnd,
  backend: Backend,
  run: RunInfo,
): Promise<HypervisorEnd> {
  const byItself = end.signal === null && (end.code === 0 || end.code === null);
  if (!byItself || !(backend.rebootEndsProcess || end.watched)) return end;
  const read = () => lastWordsOf(run.consoleLogPath, run.consoleLogStart);
  // What the guest said last may still be on its way from the terminal into the log.
  for (let waitedMs = 0; waitedMs < LAST_WORDS_MS && read() === undefined; waitedMs += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const words = read();
  if (words === "reboot" && backend.rebootEndsProcess) return { ...end, rebooted: true };
  return words === "off" ? { ...end, poweredOff: true } : end;
}

interface Running {
  record: MachineRecord;
  info: RunInfo;
  end: Promise<HypervisorEnd>;
  /** Resolves with the role of the first helper that ends. */
  lost: Promise<string>;
}

async function start(context: VmContext, id: string, signal: AbortSignal): Promise<Running> {
  sweepSockets(context.home.runDir(id));
  const launched = await launch(context, id, signal);
  const record = context.store.machines.update(id, (now) => ({
    ...now,
    // A stop that came meanwhile has set `stopping`; it must not be undone.
    state: now.state === "starting" ? "running" : now.state,
    stale: false,
    startedAt: context.host.now().toISOString(),
  }));
  if (record?.run === undefined) throw new CocoonError("not-found", `machine ${id} was removed`);
  return { record, info: record.run, end: launched.hypervisorEnd, lost: launched.companionEnd };
}

async function adopt(context: VmContext, id: string): Promise<Running> {
  const record = context.store.machines.get(id);
  if (record?.run === undefined) {
    throw new CocoonError("failed", `machine ${id}: nothing is known of the run to be adopted`);
  }
  const { run } = record;
  for (const name of ["console.sock", "supervisor.sock"]) {
    await Deno.remove(join(context.home.runDir(id), name)).catch(() => {});
  }
  const control = (await backendOf(record)).control(run.control);
  const state = await stateOfAdopted(context, id, control);
  const [holder] = processesHolding(aliveLockPath(context.home, id));
  const adopted = context.store.machines.update(id, (now) => ({
    ...now,
    // A pause, too, may have been cut off between the deed and its record.
    ...(state !== undefined && now.state !== "stopping" ? { state } : {}),
    // Its pid, if the start was cut off before that was written down.
    ...(now.run !== undefined && holder !== undefined
      ? { run: { ...now.run, processes: { hypervisor: holder, ...now.run.processes } } }
      : {}),
  })) ?? record;
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  return { record: adopted, info: run, end: watch(context, id, adopted, onLost), lost };
}

/** Milliseconds that an adopted hypervisor gets to answer; it may have been started just now. */
const ADOPT_TIMEOUT_MS = 10_000;

/** What the hypervisor says; undefined when it says nothing in time, or has ended. */
async function stateOfAdopted(
  context: VmContext,
  id: string,
  control: Control,
): Promise<"running" | "paused" | undefined> {
  const deadline = performance.now() + ADOPT_TIMEOUT_MS;
  while (isAlive(context.home, id) && performance.now() < deadline) {
    const state = await control.state(deadline - performance.now()).catch(() => undefined);
    if (state === "running" || state === "paused") return state;
    if (state === "stopping") return undefined;
    await new Promise((resolve) => setTimeout(resolve, ADOPT_POLL_MS));
  }
  return undefined;
}

/** The end of a hypervisor that is nobody's child here: seen by its lock, its status unknown. */
async function watch(
  context: VmContext,
  id: string,
  record: MachineRecord,
  onLost: (role: string) => void,
): Promise<HypervisorEnd> {
  const companions = Object.entries(record.run?.processes ?? {})
    .filter(([role]) => role !== "hypervisor");
  let lost: string | undefined;
  while (isAlive(context.home, id)) {
    if (lost === undefined) {
      lost = companions.find(([, identity]) => !isRunning(identity))?.[0];
      if (lost !== undefined) onLost(lost);
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
  }
  return { code: null, signal: null, watched: true };
}

/** Ends a hypervisor whose start failed; idempotent. */
async function killHypervisor(context: VmContext, id: string): Promise<void> {
  const { killAll } = await import("../stop_ladder.ts");
  await killAll(context, id);
}

/** Waits out the pause; false when the machine shall not be started again. */
async function pauseBeforeRestart(
  context: VmContext,
  record: MachineRecord,
  end: HypervisorEnd,
): Promise<boolean> {
  const pauseMs = restartPause(record, end);
  if (pauseMs === undefined) return false;
  console.error(`${describeEnd(end)}; it is started again in ${pauseMs} ms`);
  const deadline = performance.now() + pauseMs;
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
    if (!isToBeRestarted(context.store.machines.get(record.id))) return false;
  }
  let begun = false;
  context.store.machines.update(record.id, (now) => {
    begun = isToBeRestarted(now);
    // A reboot is the guest's own affair, and no restart of the policy's.
    const restarts = now.restarts + (end.rebooted ? 0 : 1);
    return begun ? { ...now, state: "starting", stale: false, restarts } : now;
  });
  return begun;
}

/** Not when the user has stopped, removed or, with a supervisor of its own, started it meanwhile. */
function isToBeRestarted(record: MachineRecord | undefined): boolean {
  return record?.desired === "running" && !isActive(record.state);
}
