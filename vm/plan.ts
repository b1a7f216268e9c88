/** From a record to its launch plan: the networks are attached, and the backend makes the plan. */
import type {
  AttachmentKind,
  AttachResult,
  Backend,
  GuestNetwork,
  JsonObject,
  LaunchPlan,
  Nic,
  PlanRequest,
  Reservations,
} from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { backendOf, providersOf } from "./plugins.ts";

/** A plan with what it was made from. */
export interface PlannedLaunch {
  backend: Backend;
  request: PlanRequest;
  plan: LaunchPlan;
  /** What the guest is told of each NIC of the record; undefined = it asks DHCP. */
  guestNetworks: (GuestNetwork | undefined)[];
}

/** How the networks are attached. */
export interface AttachOptions {
  /** Attach nothing, only say what would be. */
  dryRun: boolean;
  reservations(nic: Nic): Reservations;
  /** Called after each NIC, before the next one. */
  onAttached(nic: Nic, result: AttachResult | undefined): void;
  /** Called while a NIC is being attached, with what undoes it; see `AttachRequest.record`. */
  onRecord(nic: Nic, state: JsonObject): void;
  signal: AbortSignal;
}

/**
 * Attaches the networks of a machine and makes its plan.
 * @throws {CocoonError} what backend and providers report
 */
export async function planLaunch(
  context: VmContext,
  record: MachineRecord,
  options: AttachOptions,
): Promise<PlannedLaunch> {
  const { host } = context;
  const backend = await backendOf(record);
  const settings = record.launch.backend;
  const probe = await backend.probe(host, record.machine, settings);
  const accepts = backend.capabilities(host, settings).attachments;
  const attached = await attachAll(context, record, accepts, options);
  const request: PlanRequest = {
    machine: {
      ...record.machine,
      nics: record.machine.nics.filter((_, index) => attached[index] !== undefined),
    },
    attachments: attached.flatMap((result) => result === undefined ? [] : [result.attachment]),
    dirs: dirsOf(context, record.id),
    probe,
    settings,
    host: {
      os: host.os,
      architecture: host.architecture,
      cpus: host.cpus,
      memoryBytes: host.memoryBytes,
    },
  };
  const made = backend.plan(request);
  const plan = {
    ...made,
    processes: [...attached.flatMap((result) => result?.companions ?? []), ...made.processes],
    links: [...attached.flatMap((result) => result?.links ?? []), ...made.links],
  };
  return { backend, request, plan, guestNetworks: attached.map((result) => result?.guest) };
}

/** The plan by which a machine would be started now; touches nothing. */
export async function previewPlan(context: VmContext, record: MachineRecord): Promise<LaunchPlan> {
  const { plan } = await planLaunch(context, record, {
    dryRun: true,
    reservations: previewOf(context, record),
    onAttached: () => {},
    onRecord: () => {},
    signal: new AbortController().signal,
  });
  return plan;
}

/**
 * Asks the networks whether they could forward the machine's ports now; reserves nothing.
 * @throws {CocoonError} what the providers report
 */
export async function previewForwards(
  context: VmContext,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<void> {
  const { machine } = record;
  const nics = machine.nics.filter(({ forwards }) => forwards.length > 0);
  // Most machines forward nothing; their networks are asked at the start.
  if (nics.length === 0) return;
  const backend = await backendOf(record);
  const accepts = backend.capabilities(context.host, record.launch.backend).attachments;
  await attachAll(context, { ...record, machine: { ...machine, nics } }, accepts, {
    dryRun: true,
    reservations: previewOf(context, record),
    onAttached: () => {},
    onRecord: () => {},
    signal,
  });
}

/** Reservations that say what would be had. */
function previewOf({ store }: VmContext, { id }: MachineRecord): AttachOptions["reservations"] {
  return (nic) => store.reservations.preview(id, `nic${nic.index}`);
}

async function attachAll(
  context: VmContext,
  record: MachineRecord,
  accepts: AttachmentKind[],
  options: AttachOptions,
): Promise<(AttachResult | undefined)[]> {
  const providers = await providersOf(record.launch);
  const results: (AttachResult | undefined)[] = [];
  for (const nic of record.machine.nics) {
    const entry = providers[nic.index];
    if (entry === undefined) throw new TypeError(`NIC ${nic.index} has no provider`);
    const result = await entry.provider.attach({
      host: context.host,
      machine: record.machine,
      nic,
      settings: entry.settings,
      dirs: dirsOf(context, record.id),
      accepts,
      reservations: options.reservations(nic),
      previous: record.nicStates[nic.index] ?? undefined,
      dryRun: options.dryRun,
      record: (state) => options.onRecord(nic, state),
      signal: options.signal,
    });
    results.push(result);
    options.onAttached(nic, result);
  }
  return results;
}

/** The folders of a machine as its plugins are told. */
export function dirsOf({ home }: Pick<VmContext, "home">, id: string): PlanRequest["dirs"] {
  return { data: home.machineDir(id), run: home.runDir(id) };
}
