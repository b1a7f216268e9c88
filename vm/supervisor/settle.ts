import { messageOf } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { signalProcess, waitForEnd } from "../../host/process.ts";
import { isActive, type MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { refreshNames } from "../names.ts";
import { providersOf } from "../plugins.ts";

/** Milliseconds that a companion gets between SIGTERM and SIGKILL. */
const COMPANION_GRACE_MS = 2_000;

/** How a hypervisor ended; both null when nobody saw its status. */
export interface HypervisorEnd {
  code: number | null;
  signal: string | null;
  /** A supervisor saw it end that was not its parent, and so no status. */
  watched?: true;
  /** The guest has said on its console that it powers itself off. */
  poweredOff?: true;
  /** The guest has rebooted, and its hypervisor ends with that. */
  rebooted?: true;
  /** The helper whose end made the supervisor end the machine. */
  lostHelper?: string;
}

/**
 * Cleans up after a run whose hypervisor has ended: companions, networks, sockets, record.
 * Idempotent; the caller holds the supervisor's lock. Every step is tried even when one fails;
 * failures are returned in the record's `lastError`, and the next start tries again.
 * @param failure why the state shall be `error`, when a start failed
 */
export async function settle(
  context: VmContext,
  id: string,
  end: HypervisorEnd,
  failure?: string,
): Promise<MachineRecord | undefined> {
  const record = context.store.machines.get(id);
  if (record === undefined) return undefined;
  const problems: string[] = failure === undefined ? [] : [failure];
  await endCompanions(record);
  problems.push(...await detachNetworks(context, record));
  sweepSockets(context.home.runDir(id));
  const settled = context.store.machines.update(id, (now) => {
    if (!isActive(now.state)) return now;
    const { run: _run, lastError: _lastError, ...rest } = now;
    const asked = now.desired === "stopped";
    const unseen = end.code === null && end.signal === null;
    const lost = end.lostHelper !== undefined;
    // Without a status the guest's last words decide. A guest that says none on this console is
    // taken for one that was cut off: that hides no crash.
    const good = unseen ? !end.watched || end.poweredOff || end.rebooted : end.code === 0;
    const crashed = !asked && (lost || !good);
    const exit = { code: end.code, signal: end.signal, at: context.host.now().toISOString() };
    if (crashed && failure === undefined) problems.unshift(describeEnd(end));
    return {
      ...rest,
      state: failure !== undefined || crashed ? "error" : "stopped",
      stale: !asked && unseen && failure === undefined && !end.rebooted && !end.watched,
      stoppedAt: context.host.now().toISOString(),
      ...(failure === undefined ? { exit } : {}),
      ...(problems.length > 0 ? { lastError: problems.join("; ") } : {}),
    };
  });
  await refreshNames(context);
  return settled;
}

/** One sentence about the end of a hypervisor. */
export function describeEnd(end: HypervisorEnd): string {
  if (end.rebooted) return "the guest has rebooted";
  if (end.lostHelper !== undefined) return lossOf(end.lostHelper);
  if (end.signal !== null) return `the hypervisor was ended by ${end.signal}`;
  if (end.code !== null) return `the hypervisor ended with status ${end.code}`;
  if (end.poweredOff) return "the guest has powered itself off";
  if (end.watched) return "the hypervisor ended, and its exit status could not be seen";
  return "the hypervisor ended unseen";
}

/** One sentence about the end of a helper. */
export function lossOf(role: string): string {
  return `the helper ${role} has ended; its network card has no connection`;
}

/** Ends the helpers of a run, politely first. */
export async function endCompanions(record: MachineRecord): Promise<void> {
  const companions = Object.entries(record.run?.processes ?? {})
    .filter(([role]) => role !== "hypervisor").map(([, identity]) => identity);
  await Promise.all(companions.map(async (companion) => {
    if (!signalProcess(companion, "SIGTERM")) return;
    if (await waitForEnd(companion, COMPANION_GRACE_MS)) return;
    signalProcess(companion, "SIGKILL");
    await waitForEnd(companion, COMPANION_GRACE_MS);
  }));
}

/** Undoes the attachments of all NICs; returns what went wrong, one sentence each. */
export async function detachNetworks(context: VmContext, record: MachineRecord): Promise<string[]> {
  if (record.nicStates.every((state) => state === null)) return [];
  const problems: string[] = [];
  const providers = await providersOf(record.launch);
  for (const [index, { provider }] of providers.entries()) {
    const state = record.nicStates[index];
    if (state === undefined || state === null) continue;
    try {
      await provider.detach(context.host, state);
    } catch (error) {
      problems.push(`network card ${index}: ${messageOf(error)}`);
    }
  }
  return problems;
}

/** Sockets outlive a killed process and would make the next bind fail. */
export function sweepSockets(runDir: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(runDir)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries) {
    if (!entry.name.endsWith(".lock")) {
      Deno.removeSync(join(runDir, entry.name), { recursive: true });
    }
  }
}
