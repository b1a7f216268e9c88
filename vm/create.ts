/**
 * Makes a machine: reserves the name, makes its disks and seed under its own folder, and only then
 * calls it `created`. Killed at any point it leaves a `creating` record and that folder, which the
 * next create of the same name, or `rm`, clears.
 */
import { CocoonError } from "../errors/error.ts";
import type { Devices, Reservations, StorageDriver, Tuning } from "../plugins/contract.ts";
import { FileLock, machineBusy } from "../state/locks.ts";
import type { ImageRecord } from "../state/images.ts";
import type { LaunchSettings, MachineRecord, MachineSpec } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { makeDisks } from "./disks.ts";
import { makeSeed, type SeedWish } from "./seed.ts";
import { newMachineId } from "./id.ts";
import { newMachine } from "./new_machine.ts";
import { refusePorts, refuseUnplannable } from "./refuse.ts";
import { backendOf } from "./plugins.ts";
import { eraseMachine } from "./remove.ts";

/** Everything that a machine is made of. */
export interface CreateRequest {
  spec: MachineSpec;
  launch: LaunchSettings;
  /** What the root disk is a copy of, or which layers are under it. */
  image?: ImageRecord;
  /** A kernel to boot directly; the files are copied. */
  kernel?: KernelWish;
  storage: StorageDriver;
  seed: SeedWish;
  /** The vsock device gets its context id when the machine is made. */
  devices: Omit<Devices, "vsock"> & { vsock: boolean };
  tuning?: Tuning;
}

/** A kernel of the user's. */
export interface KernelWish {
  kernelPath: string;
  initrdPath?: string;
  commandLine: string;
  /** The hypervisor needs it unpacked. */
  unpack: boolean;
}

const LOCK_TIMEOUT_MS = 10_000;

/** Context ids that guests may have: 0 to 2 are the hypervisor's, the loopback's and the host's. */
const VSOCK_CIDS = Array.from({ length: 4096 }, (_, index) => String(index + 3));

/**
 * Creates a machine. Undone to the end when it fails or `signal` is aborted.
 * @throws {CocoonError} `usage` when its backend can never start it, `conflict` when the name or a
 *   port is taken, `failed` when a disk cannot be made
 */
export async function createMachine(
  context: VmContext,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<MachineRecord> {
  await clearUnfinished(context, request.spec.name);
  const id = newMachineId();
  // Not at once only where `gc` is just looking whether the new file belongs to a machine.
  using lock = await FileLock.take(context.home.machineLockPath(id), LOCK_TIMEOUT_MS, signal);
  if (lock === undefined) throw machineBusy(request.spec.name);
  const hostKey = await (await import("../guest/ssh_keys.ts")).makeHostKey();
  const record = newRecord(context, id, request, hostKey.publicKey);
  try {
    refuseUnplannable(context, await backendOf(record), record.machine);
    context.store.machines.insert(record);
  } catch (error) {
    await Deno.remove(context.home.machineLockPath(id)).catch(() => {});
    throw error;
  }
  try {
    await refusePorts(context, record, signal);
    await Deno.mkdir(context.home.machineDir(id), { mode: 0o700 });
    await Deno.mkdir(context.home.runDir(id), { mode: 0o700 });
    await makeDisks(context, record, request, signal);
    await makeSeed(context, record, request.seed, hostKey);
    signal.throwIfAborted();
    const vsock = request.devices.vsock ? { vsock: { cid: reserveCid(context, id) } } : {};
    const created = context.store.machines.update(id, (now) => ({
      ...now,
      machine: { ...now.machine, devices: { ...now.machine.devices, ...vsock } },
      state: "created",
    }));
    return created ?? record;
  } catch (error) {
    await eraseMachine(context, record);
    if (signal.aborted) {
      throw new CocoonError("interrupted", `machine "${record.name}": create interrupted; undone`);
    }
    throw error;
  }
}

/**
 * The record that a machine would get; nothing is made, and nothing reserved.
 * @throws {CocoonError} `usage` when its backend can never start it
 */
export async function previewRecord(
  context: VmContext,
  request: CreateRequest,
): Promise<MachineRecord> {
  const id = newMachineId();
  // Its host key is made with it.
  const record = newRecord(context, id, request, "");
  refuseUnplannable(context, await backendOf(record), record.machine);
  if (!request.devices.vsock) return record;
  const cid = cidFrom(context.store.reservations.preview(id, "vsock"));
  const devices = { ...record.machine.devices, vsock: { cid } };
  return { ...record, machine: { ...record.machine, devices } };
}

function reserveCid(context: VmContext, id: string): number {
  return cidFrom(context.store.reservations.of(id, "vsock"));
}

function cidFrom(reservations: Reservations): number {
  return Number(reservations.reserve("vsock-cid", VSOCK_CIDS, () => true));
}

/** What a create that was killed left behind under this name. */
async function clearUnfinished(context: VmContext, name: string): Promise<void> {
  const old = context.store.machines.byName(name);
  if (old === undefined || old.state !== "creating") return;
  using lock = FileLock.tryTake(context.home.machineLockPath(old.id));
  // Held: another create of this name is under way, and `insert` says that the name is taken.
  if (lock !== undefined) await eraseMachine(context, old);
}

function newRecord(
  context: VmContext,
  id: string,
  request: CreateRequest,
  hostPublicKey: string,
): MachineRecord {
  const { spec, launch, image } = request;
  return {
    id,
    name: spec.name,
    state: "creating",
    desired: "stopped",
    stale: false,
    spec,
    machine: newMachine(context.home, id, request),
    ...(image === undefined ? {} : { imageDigest: image.digest }),
    launch,
    nicStates: spec.networks.map(() => null),
    hostPublicKey,
    restarts: 0,
    createdAt: context.host.now().toISOString(),
  };
}
