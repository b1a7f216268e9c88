/** Turns the flags of `create` and `run` into a checked request; nothing is made here. */
import { formatSize } from "../../config/size.ts";
import type { Config } from "../../config/types.ts";
import { networkTable } from "../../config/plugin_settings.ts";
import { CocoonError, joinErrors } from "../../errors/error.ts";
import type { BootTarget } from "../../guest/bootable_kernel.ts";
import type { Backend, StorageDriver, Tuning } from "../../plugins/contract.ts";
import { findAlternatives, networkOffer } from "../../plugins/alternatives.ts";
import { featureWarnings } from "../../plugins/features.ts";
import {
  type Choice,
  type MachineWish,
  type NetworkOffer,
  refusals,
} from "../../plugins/refusals.ts";
import type { Registry } from "../../plugins/registry.ts";
import { type DirectFiles, directFiles } from "../../state/direct_image.ts";
import type { ImageRecord } from "../../state/images.ts";
import type { MachineSpec } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import type { CreateRequest } from "../../vm/create.ts";
import type { SeedWish } from "../../vm/seed.ts";
import type { Context } from "../context.ts";
import { type CreateFlags, OWN_SERIALS } from "./create_flags.ts";
import { checkFeatureFlags, featureParts, featureWishes } from "./feature_flags.ts";
import { checkKernelFlags, DEFAULT_COMMAND_LINE, kernelWish } from "./kernel_wish.ts";
import { launchSettings, registryOf } from "./launch_settings.ts";
import { seedWish } from "./seed_wish.ts";
import { specOf } from "./spec.ts";
import { chooseStorage, refuseDiskSize } from "./storage_choice.ts";

/** What can be decided before the image is there. */
export interface Draft {
  spec: MachineSpec;
  storage: StorageDriver;
  backend: Backend;
  registry: Registry;
  launch: CreateRequest["launch"];
  devices: CreateRequest["devices"];
  tuning: Tuning;
  kernel: CreateRequest["kernel"];
  /** Size of the root disk as the flag says. */
  diskBytes: number | undefined;
  /** Without cocoon's own key, which is made with the first machine. */
  seed: SeedWish;
  /** What was asked of the plugins; once the image is known, more may be. */
  wish: MachineWish;
  choice: Choice;
}

/**
 * Checks everything that needs no image, so that a mistake is told before anything is downloaded.
 * @throws {CocoonError} with every reason why the machine cannot be made
 */
export async function draftMachine(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string | undefined,
): Promise<Draft> {
  checkKernelFlags(flags, reference);
  const spec = specOf(context, vm, config, flags, reference);
  const registry = registryOf(config);
  const launch = await launchSettings(config, spec);
  const backend = await registry.backend(spec.backend);
  const capabilities = backend.capabilities(context.host, launch.backend);
  const own = { rng: capabilities.rng, balloon: capabilities.balloon, vsock: flags.vsock };
  checkFeatureFlags(flags, [
    ...OWN_SERIALS,
    ...spec.dataDisks.map(({ name }) => name),
  ]);
  const features = featureWishes(flags, spec.dataDisks.map(({ bus = "virtio" }) => bus));
  const { devices, tuning } = featureParts(flags, capabilities);
  const wish: MachineWish = {
    architecture: spec.architecture,
    boot: flags.kernel === undefined ? "efi" : "linux",
    diskCount: (reference === undefined ? 0 : 1) + spec.dataDisks.length + 1,
    memoryBytes: spec.memoryBytes,
    nics: spec.networks,
    devices: own,
    features,
  };
  const named = spec.storage === "auto" ? undefined : await registry.storage(spec.storage);
  const choice: Choice = {
    backend: { name: backend.name, capabilities },
    // `auto` takes a driver that fits.
    storage: named,
    networks: await networkOffers(context, config, registry, spec),
  };
  if (refusals(wish, choice).length > 0) {
    // Only now every plugin is loaded, to tell which ones could do it.
    const alternatives = await findAlternatives(registry, context.host, config);
    throw joinErrors(refusals(wish, choice, alternatives));
  }
  for (const line of featureWarnings(backend.name, features, capabilities.features ?? [])) {
    context.stderr(`warning: ${line}\n`);
  }
  if (capabilities.diskSerials === false && spec.dataDisks.length > 0) {
    context.stderr(
      `warning: backend "${backend.name}" shows the guest no names of disks: find data disks by ` +
        "the labels of their file systems, not by /dev/disk/by-id\n",
    );
  }
  const need = { backend, settings: launch.backend, named };
  const storage = await chooseStorage(vm, registry, need);
  return {
    spec,
    storage,
    backend,
    registry,
    launch,
    devices: { ...own, ...devices },
    tuning,
    kernel: await kernelWish(context.host, flags, bootTarget(choice, spec)),
    diskBytes: flags.disk,
    seed: await seedWish(flags),
    wish,
    choice,
  };
}

/** Joins the draft with the image that it is to be made from. */
export async function completeRequest(
  context: Context,
  vm: VmContext,
  config: Config,
  draft: Draft,
  image: ImageRecord | undefined,
): Promise<CreateRequest> {
  const { storage } = draft;
  if (image?.kind === "iso") await demand(context, config, draft, withCd(draft.wish));
  const files = image && directFiles(vm.home, image);
  const kernel = files === undefined
    ? draft.kernel
    : await layersKernel(context, config, draft, files);
  const diskBytes = image === undefined ? undefined : rootDiskBytes(config, draft, image);
  // What is empty at first, under a CD or over layers, is made by no driver.
  if (diskBytes !== undefined && image?.kind === "disk") refuseDiskSize(storage, diskBytes);
  return {
    spec: {
      ...draft.spec,
      storage: storage.name,
      ...(diskBytes === undefined ? {} : { diskBytes }),
    },
    launch: draft.launch,
    ...(image === undefined ? {} : { image }),
    ...(kernel === undefined ? {} : { kernel }),
    storage,
    seed: draft.seed,
    devices: draft.devices,
    ...(Object.keys(draft.tuning).length === 0 ? {} : { tuning: draft.tuning }),
  };
}

/** Size of the root disk; the default one is as large as the image needs. */
function rootDiskBytes(config: Config, draft: Draft, image: ImageRecord): number {
  // Beside layers and a CD there is a disk of the machine's own; they do not have to fit into it.
  const imageBytes = image.kind === "disk" ? image.virtualBytes : 0;
  const minimum = Math.max(imageBytes, image.minimumDiskBytes ?? 0);
  const { diskBytes = Math.max(config.defaults.diskBytes, minimum) } = draft;
  // One below the image itself is refused where the disk is made, which holds for any image.
  if (diskBytes >= imageBytes && diskBytes < minimum) {
    throw new CocoonError(
      "usage",
      `--disk ${formatSize(diskBytes)}: the image needs at least ${formatSize(minimum)}`,
      { hint: `Give at least ${formatSize(minimum)}, or leave it out.` },
    );
  }
  return diskBytes;
}

/**
 * Asks again what the plugins can, now that the image says what the machine needs.
 * @throws {CocoonError} with every reason why it cannot be made
 */
async function demand(
  context: Context,
  config: Config,
  { registry, choice }: Draft,
  wish: MachineWish,
): Promise<void> {
  if (refusals(wish, choice).length === 0) return;
  const alternatives = await findAlternatives(registry, context.host, config);
  throw joinErrors(refusals(wish, choice, alternatives));
}

/** What a machine of an installation CD needs beside its empty disk. */
function withCd(wish: MachineWish): MachineWish {
  return {
    ...wish,
    diskCount: wish.diskCount + 1,
    features: [...wish.features ?? [], { feature: "cdrom", optional: false }],
  };
}

/** The kernel of an image that brings its own, and its layers as disks. */
async function layersKernel(
  context: Context,
  config: Config,
  draft: Draft,
  files: DirectFiles,
): Promise<CreateRequest["kernel"]> {
  const { directKernel, refuseOwnKernel } = await import("./direct_image.ts");
  refuseOwnKernel(draft.kernel);
  const { wish, choice, spec } = draft;
  const diskCount = wish.diskCount + files.layers.length;
  await demand(context, config, draft, { ...wish, boot: "linux", diskCount });
  const { requireBootable } = await import("../../guest/bootable_kernel.ts");
  const target = bootTarget(choice, spec);
  const { unpack } = await requireBootable(context.host, files.kernelPath, target);
  return directKernel(files, {
    unpack,
    name: spec.name,
    hasNetwork: spec.networks.length > 0,
    consoles: DEFAULT_COMMAND_LINE,
  });
}

function bootTarget({ backend }: Choice, { architecture }: MachineSpec): BootTarget {
  return { architecture, kernels: backend.capabilities.kernels, backend: backend.name };
}

async function networkOffers(
  context: Context,
  config: Config,
  registry: Registry,
  spec: MachineSpec,
): Promise<NetworkOffer[]> {
  return await Promise.all(spec.networks.map(async ({ network }) => {
    const table = networkTable(config, network);
    const provider = await registry.network(table.provider);
    return networkOffer(network, provider, context.host, table.settings);
  }));
}
