import type { Config, Overrides } from "../../config/types.ts";
import { ensureUserKey } from "../../guest/ssh_keys.ts";
import type { LaunchPlan } from "../../plugins/contract.ts";
import type { ImageRecord } from "../../state/images.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { createMachine, previewRecord } from "../../vm/create.ts";
import { newMachineId } from "../../vm/id.ts";
import { newMachine } from "../../vm/new_machine.ts";
import { previewPlan } from "../../vm/plan.ts";
import { refuseUnplannable } from "../../vm/refuse.ts";
import { CocoonError } from "../../errors/error.ts";
import type { Context } from "../context.ts";
import { imageProgress } from "../progress.ts";
import type { CreateFlags } from "./create_flags.ts";
import { completeRequest, type Draft, draftMachine } from "./request.ts";

/** Whether a machine is only made, or to be started at once. */
export type Purpose = "create" | "run";

/** The configuration with the flags of a new machine put over it. */
export function overridesOf(flags: CreateFlags): Overrides {
  return {
    backend: flags.backend,
    storage: flags.storage,
    defaults: {
      cpus: flags.cpus,
      memoryBytes: flags.memory,
      user: flags.user,
      restart: flags.restart,
      architecture: flags.architecture,
    },
  };
}

/**
 * Makes the machine that the flags describe: what needs no image is checked first, then the image
 * is got, then the machine is made.
 * @throws {CocoonError} every reason why it cannot be made
 */
export async function makeMachine(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string | undefined,
  purpose: Purpose,
): Promise<MachineRecord> {
  const draft = await checkedDraft(context, vm, config, flags, reference);
  await tellLack(context, draft, purpose);
  const { publicKey } = await ensureUserKey(vm.home.sshDir);
  const image = reference === undefined
    ? undefined
    : await getImage(context, vm, config, flags, reference);
  const request = await completeRequest(context, vm, config, draft, image);
  const authorizedKeys = [publicKey, ...request.seed.authorizedKeys];
  const seed = { ...request.seed, authorizedKeys };
  return await createMachine(vm, { ...request, seed }, context.signal);
}

/**
 * The plan by which the machine that the flags describe would be started. Makes nothing, and
 * fetches nothing.
 * @throws {CocoonError} what {@linkcode makeMachine} would say; `not-found` for an image that is
 *   not stored
 */
export async function previewNewMachine(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string | undefined,
): Promise<LaunchPlan> {
  const draft = await checkedDraft(context, vm, config, flags, reference);
  const image = reference === undefined
    ? undefined
    : await findImage(context, vm, config, flags, reference);
  const request = await completeRequest(context, vm, config, draft, image);
  return await previewPlan(vm, await previewRecord(vm, request));
}

/** Everything that is checked before an image is looked for. */
async function checkedDraft(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string | undefined,
): Promise<Draft> {
  const draft = await draftMachine(context, vm, config, flags, reference);
  refuseTakenName(vm, draft.spec.name);
  // As far as it is known without the image; `createMachine` asks for all of it.
  refuseUnplannable(vm, draft.backend, newMachine(vm.home, newMachineId(), draft));
  return draft;
}

/**
 * Says before anything is made that the hypervisor is not here. A machine that is not to run now
 * may wait for it.
 * @throws {CocoonError} `host-lacks` when it is to run now
 */
async function tellLack(
  context: Context,
  { backend, spec, launch }: Draft,
  purpose: Purpose,
): Promise<void> {
  const lack = await backend.lacks?.(context.host, spec.architecture, launch.backend);
  if (lack === undefined) return;
  if (purpose === "run") throw lack;
  const hint = lack.hint === undefined ? "" : `hint: ${lack.hint}\n`;
  context.stderr(`warning: ${lack.message}: the machine cannot be started before it is\n${hint}`);
}

/** Before a download, not after it; `createMachine` decides. */
function refuseTakenName(vm: VmContext, name: string): void {
  const taken = vm.store.machines.byName(name);
  if (taken === undefined || taken.state === "creating") return;
  throw new CocoonError("conflict", `machine "${name}" exists already`, {
    hint:
      `Choose another --name, start it (cocoon vm start ${name}), or remove it (cocoon vm rm ${name}).`,
  });
}

async function getImage(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string,
): Promise<ImageRecord> {
  const { resolveImage } = await import("../../images/pull.ts");
  const { nameOptions } = await import("../image/names.ts");
  using progress = imageProgress(context);
  return await resolveImage(vm, reference, {
    ...nameOptions(context, config, flags, config.defaults.architecture),
    ...(flags.sha256 === undefined ? {} : { sha256: flags.sha256 }),
    onProgress: progress.update,
  });
}

async function findImage(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string,
): Promise<ImageRecord> {
  const { findImageHere } = await import("../../images/here.ts");
  const { nameOptions } = await import("../image/names.ts");
  return await findImageHere(vm, reference, {
    ...nameOptions(context, config, flags, config.defaults.architecture),
    sha256: flags.sha256,
  });
}
