import type { LaunchPlan } from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { backendOf, providersOf } from "./plugins.ts";

/**
 * The plan by which a machine would be started now, made without touching anything: addresses
 * and ports are those of the last start, or the first free ones, and nothing is reserved.
 */
export async function previewPlan(context: VmContext, record: MachineRecord): Promise<LaunchPlan> {
  const backend = await backendOf(record);
  const { host, home } = context;
  const settings = record.launch.backend;
  const dirs = { data: home.machineDir(record.id), run: home.runDir(record.id) };
  const providers = await providersOf(record.launch);
  const results = await Promise.all(record.machine.nics.map((nic) => {
    const entry = providers[nic.index];
    if (entry === undefined) throw new TypeError(`NIC ${nic.index} has no provider`);
    return entry.provider.attach({
      host,
      machine: record.machine,
      nic,
      settings: entry.settings,
      dirs,
      accepts: backend.capabilities(host, settings).attachments,
      reservations: context.store.reservations.preview(record.id, `nic${nic.index}`),
      previous: record.nicStates[nic.index] ?? undefined,
      signal: new AbortController().signal,
    });
  }));
  const plan = backend.plan({
    machine: {
      ...record.machine,
      nics: record.machine.nics.filter((_, index) => results[index] !== undefined),
    },
    attachments: results.flatMap((result) => result === undefined ? [] : [result.attachment]),
    dirs,
    probe: await backend.probe(host, record.machine, settings),
    settings,
    host,
  });
  return {
    ...plan,
    processes: [...results.flatMap((result) => result?.companions ?? []), ...plan.processes],
    links: [...results.flatMap((result) => result?.links ?? []), ...plan.links],
  };
}
