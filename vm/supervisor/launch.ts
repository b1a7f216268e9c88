/** Executes a launch plan: the only place that turns plan data into processes. */
import type { ChildProcess } from "node:child_process";
import { CocoonError, messageOf } from "../../errors/error.ts";
import { identify, type ProcessIdentity, spawnDetached } from "../../host/process.ts";
import type {
  Backend,
  Control,
  JsonObject,
  LaunchPlan,
  Nic,
  PlannedFile,
  PlanRequest,
} from "../../plugins/contract.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { takeAlive } from "../liveness.ts";
import { planLaunch, type PlannedLaunch } from "../plan.ts";
import { configureNetworks, waitForCompanion } from "./companions.ts";
import { describeHolders } from "./holders.ts";
import { openLinks, placeLinks } from "./links.ts";
import { sizeOf, tailOf } from "./log_tail.ts";
import { endCompanions, type HypervisorEnd } from "./settle.ts";

/** Milliseconds between two looks at a hypervisor that is starting. */
const READY_POLL_MS = 10;
/** Milliseconds that one question to a starting hypervisor may take. */
const STATE_TIMEOUT_MS = 2_000;
/** How often a start is tried again because a port was lost to another program in between. */
const PORT_ATTEMPTS = 3;

/** A machine that runs, as its supervisor sees it. */
export interface Launched {
  plan: LaunchPlan;
  control: Control;
  /** Resolves when the hypervisor has ended. */
  hypervisorEnd: Promise<HypervisorEnd>;
  /** Resolves with the role of the first companion that ends. */
  companionEnd: Promise<string>;
}

/**
 * Attaches the networks, makes the plan, starts its processes and waits until the hypervisor says
 * that the machine runs. What is begun is written into the record first, so that `settle` can undo
 * it after a crash at any point; on a failure the caller settles.
 */
export async function launch(
  context: VmContext,
  id: string,
  signal: AbortSignal,
): Promise<Launched> {
  for (let attempt = 1;; attempt++) {
    const planned = await prepare(context, id, signal);
    try {
      return await execute(context, id, planned, signal);
    } catch (error) {
      if (!(error instanceof PortLostError) || attempt === PORT_ATTEMPTS) throw error;
      // The hypervisor has ended, its helpers have not.
      await endCompanions(mustGet(context, id));
    }
  }
}

/** Another program took a host port between its choice and its use. */
class PortLostError extends CocoonError {}

/** Attaches the networks, each written down before the next, and makes the plan. */
async function prepare(
  context: VmContext,
  id: string,
  signal: AbortSignal,
): Promise<PlannedLaunch> {
  const keep = (nic: Nic, state: JsonObject | null) =>
    void context.store.machines.update(id, (now) => ({
      ...now,
      nicStates: now.machine.nics.map((other) =>
        other.index === nic.index ? state : now.nicStates[other.index] ?? null
      ),
    }));
  const record = mustGet(context, id);
  const planned = await planLaunch(context, record, {
    dryRun: false,
    reservations: (nic) => context.store.reservations.of(id, `nic${nic.index}`),
    onAttached: (nic, result) => keep(nic, result?.state ?? null),
    onRecord: keep,
    signal,
  });
  if (needsNewSeed(record, planned.guestNetworks)) {
    const { renewSeed } = await import("../seed_network.ts");
    await renewSeed(context, record, planned.guestNetworks);
  }
  return planned;
}

/** Spares the seed of a machine that only ever asked DHCP from being read. */
function needsNewSeed(record: MachineRecord, networks: PlannedLaunch["guestNetworks"]): boolean {
  return record.fixedAddresses === true || networks.some((network) => network !== undefined);
}

async function execute(
  context: VmContext,
  id: string,
  { backend, request, plan }: PlannedLaunch,
  signal: AbortSignal,
): Promise<Launched> {
  for (const file of plan.files) await makeFile(file);
  context.store.machines.update(id, (now) => ({
    ...now,
    run: {
      control: plan.control,
      console: plan.console,
      consoleLogPath: plan.consoleLogPath,
      consoleLogStart: sizeOf(plan.consoleLogPath),
      processes: {},
    },
  }));
  const logEnd = sizeOf(hypervisorOf(plan).logPath);
  const ends = await startProcesses(context, id, plan, signal);
  const hypervisorEnd = ends.get("hypervisor");
  if (hypervisorEnd === undefined) throw new TypeError("a plan without a hypervisor");
  ends.delete("hypervisor");
  const control = backend.control(plan.control);
  const ended = await waitUntilReady(control, hypervisorEnd, plan, signal);
  if (ended !== undefined) {
    throw await explain(
      context,
      backend,
      request,
      tailOf(hypervisorOf(plan).logPath, logEnd),
      ended,
    );
  }
  return {
    plan,
    control,
    hypervisorEnd,
    companionEnd: Promise.race([...ends].map(([role, end]) => end.then(() => role))),
  };
}

/** Starts all processes of a plan; none of the descriptors that they share stays open here. */
async function startProcesses(
  context: VmContext,
  id: string,
  plan: LaunchPlan,
  signal: AbortSignal,
): Promise<Map<string, Promise<HypervisorEnd>>> {
  using descriptors = new DisposableStack();
  const alive = await takeAlive(context.home, id);
  descriptors.defer(() => alive.close());
  const cables = await openLinks(plan.links, descriptors);
  const ends = new Map<string, Promise<HypervisorEnd>>();
  for (const planned of plan.processes) {
    signal.throwIfAborted();
    if (planned.role === "hypervisor") await tellCompanions(context, id, signal);
    const logEnd = sizeOf(planned.logPath);
    const { stdin, inherit } = placeLinks(planned, cables);
    const child = await spawnDetached(planned.argv, {
      logPath: planned.logPath,
      env: planned.env,
      ...(stdin === undefined ? {} : { stdin }),
      ...(planned.outputPath === undefined ? {} : { stdout: { path: planned.outputPath } }),
      // Only the hypervisor: a companion that outlived it would keep the machine "alive". Behind
      // the links, whose numbers are in its command line.
      inherit: planned.role === "hypervisor" ? [...inherit, alive.fd] : inherit,
    });
    const end = endOf(child);
    ends.set(planned.role, end);
    remember(context, id, planned.role, child.pid);
    await waitForCompanion(planned, end, logEnd, signal);
  }
  return ends;
}

/** A port that a companion could not have is lost as one of the hypervisor's is. */
async function tellCompanions(
  context: VmContext,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await configureNetworks(context, mustGet(context, id), signal);
  } catch (error) {
    if (!(error instanceof CocoonError && error.code === "conflict")) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new PortLostError(error.code, error.message, { ...hint, cause: error });
  }
}

/** Resolves with the hypervisor's end if it comes first, with undefined once the machine runs. */
async function waitUntilReady(
  control: Control,
  hypervisorEnd: Promise<HypervisorEnd>,
  { readyTimeoutMs: timeoutMs, steadyMs = 0 }: LaunchPlan,
  signal: AbortSignal,
): Promise<HypervisorEnd | undefined> {
  let ended: HypervisorEnd | undefined;
  hypervisorEnd.then((end) => ended = end);
  const deadline = performance.now() + timeoutMs;
  let last = "it did not answer";
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (ended !== undefined) return ended;
    try {
      const state = await control.state(STATE_TIMEOUT_MS);
      if (state === "running" || state === "paused") {
        return await endWithin(hypervisorEnd, steadyMs, signal);
      }
      last = `it is ${state}`;
    } catch (error) {
      last = messageOf(error);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  throw new CocoonError(
    "failed",
    `the hypervisor was not ready within ${timeoutMs} ms: ${last}`,
    { hint: "Its log may say more: cocoon vm logs --log hypervisor NAME" },
  );
}

/** The hypervisor's end if it comes within that time. */
async function endWithin(
  hypervisorEnd: Promise<HypervisorEnd>,
  ms: number,
  signal: AbortSignal,
): Promise<HypervisorEnd | undefined> {
  if (ms === 0) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const end = await Promise.race([hypervisorEnd, over]);
  clearTimeout(timer);
  signal.throwIfAborted();
  return end;
}

async function explain(
  { host }: VmContext,
  backend: Backend,
  request: PlanRequest,
  logTail: string,
  end: HypervisorEnd,
): Promise<CocoonError> {
  const known = backend.explainFailure?.(logTail, request);
  if (known !== undefined) {
    const ErrorClass = known.portTaken ? PortLostError : CocoonError;
    const holders = await describeHolders(host, known.heldFiles ?? []);
    const message = [known.message, ...holders].join("; ");
    return new ErrorClass("failed", message, known.hint ? { hint: known.hint } : {});
  }
  const how = end.signal ?? `status ${end.code}`;
  const said = logTail.trim() === "" ? "it said nothing" : `it said: ${logTail.trim()}`;
  return new CocoonError("failed", `the hypervisor ended at its start (${how}); ${said}`);
}

function hypervisorOf(plan: LaunchPlan) {
  const planned = plan.processes.find((process) => process.role === "hypervisor");
  if (planned === undefined) throw new TypeError("a plan without a hypervisor");
  return planned;
}

function endOf(child: ChildProcess): Promise<HypervisorEnd> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

function remember(context: VmContext, id: string, role: string, pid: number | undefined): void {
  const identity: ProcessIdentity | undefined = pid === undefined ? undefined : identify(pid);
  // A process that has ended already has no identity and needs no signal.
  if (identity === undefined) return;
  context.store.machines.update(id, (now) =>
    now.run === undefined ? now : {
      ...now,
      run: { ...now.run, processes: { ...now.run.processes, [role]: identity } },
    });
}

async function makeFile(file: PlannedFile): Promise<void> {
  const temporary = `${file.path}.part`;
  if (file.onlyIfAbsent && sizeOf(file.path) > 0) return;
  const content = "text" in file.source
    ? new TextEncoder().encode(file.source.text)
    : await Deno.readFile(file.source.copyOf);
  using handle = await Deno.open(temporary, {
    create: true,
    write: true,
    truncate: true,
    mode: 0o600,
  });
  const writer = handle.writable.getWriter();
  await writer.write(content);
  await handle.sync();
  await Deno.rename(temporary, file.path);
}

function mustGet(context: VmContext, id: string): MachineRecord {
  const record = context.store.machines.get(id);
  if (record === undefined) {
    throw new CocoonError("not-found", `machine ${id} was removed meanwhile`);
  }
  return record;
}
