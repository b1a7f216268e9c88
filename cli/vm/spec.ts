/** What a machine is to be, from its flags and the configuration. */
import { formatExactSize, formatSize } from "../../config/size.ts";
import type { Config } from "../../config/types.ts";
import { CocoonError, joinErrors } from "../../errors/error.ts";
import { clashingForwards, forwardText } from "../../plugins/port_forward.ts";
import type { MachineSpec } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import type { Context } from "../context.ts";
import type { CreateFlags } from "./create_flags.ts";

const MIB = 1024 ** 2;
/** Below this no kernel of today starts. */
const MIN_MEMORY_BYTES = 32 * MIB;

/**
 * Everything of the machine that needs no image.
 * @throws {CocoonError} `usage` for disks of one name, ports that are taken twice, and sizes that
 *   this computer does not have
 */
export function specOf(
  context: Context,
  vm: VmContext,
  config: Config,
  flags: CreateFlags,
  reference: string | undefined,
): MachineSpec {
  const networks = flags.network ?? [config.network];
  const { mac } = flags;
  const { cpus, memoryBytes, user, restart, architecture } = config.defaults;
  const spec: MachineSpec = {
    name: flags.name ?? defaultName(vm, reference ?? "machine"),
    ...(reference === undefined ? {} : { image: reference }),
    backend: config.backend,
    storage: config.storage,
    architecture,
    cpus,
    memoryBytes,
    dataDisks: nameDataDisks(flags),
    networks: networks.map((network, index) => ({
      network,
      ...(index === 0 && mac !== undefined ? { mac } : {}),
      forwards: index === 0 ? [...flags.publish ?? []] : [],
    })),
    user,
    restart,
  };
  checkSize(context, spec);
  refuseClashes(spec);
  return spec;
}

/** Two listeners on one port: the hypervisor would end, and blame another program. */
function refuseClashes({ networks }: MachineSpec): void {
  const clash = clashingForwards(networks.flatMap(({ forwards }) => forwards));
  if (clash === undefined) return;
  const [one, other] = clash.map(forwardText);
  throw new CocoonError("usage", `--publish: ${one} and ${other} are the same port here`, {
    hint: "Give each forward a port of its own, as in: -p 8080:80 -p 8081:81",
  });
}

function nameDataDisks({ dataDisk = [] }: CreateFlags): MachineSpec["dataDisks"] {
  const names = new Set<string>();
  return dataDisk.map(({ name, ...disk }, index) => {
    const chosen = name ?? `data${index + 1}`;
    if (names.has(chosen)) {
      throw new CocoonError("usage", `--data-disk: two disks are named "${chosen}"`);
    }
    names.add(chosen);
    return { name: chosen, ...disk };
  });
}

/** A free name made from the image's: `debian-12`, then `debian-12-2`, and so on. */
function defaultName(vm: VmContext, reference: string): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1)
    .replace(/\.(qcow2|raw|img|iso)$/i, "");
  const word = last.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")
    .slice(0, 55).replace(/-+$/, "");
  const base = word === "" || word === "localhost" ? "machine" : word;
  const taken = new Set(vm.store.machines.names());
  for (let number = 1;; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

function checkSize(context: Context, spec: MachineSpec): void {
  const { host } = context;
  const problems: CocoonError[] = [];
  if (spec.cpus > host.cpus) {
    problems.push(
      new CocoonError("usage", `--cpus ${spec.cpus}: this computer has ${host.cpus}`, {
        hint: `Give at most ${host.cpus}.`,
      }),
    );
  }
  const memory = formatExactSize(spec.memoryBytes);
  const refuseMemory = (why: string, hint: string) =>
    problems.push(new CocoonError("usage", `--memory ${memory}: ${why}`, { hint }));
  if (spec.memoryBytes > host.memoryBytes) {
    refuseMemory(
      `this computer has ${formatSize(host.memoryBytes)} in all`,
      "Give less, and leave some for this computer itself.",
    );
  } else if (spec.memoryBytes < MIN_MEMORY_BYTES) {
    refuseMemory(
      `less than ${formatSize(MIN_MEMORY_BYTES)}, with which no kernel starts`,
      "Give it as in 512M or 2G.",
    );
  } else if (spec.memoryBytes % MIB !== 0) {
    refuseMemory("not a whole number of MiB", "Give it as in 512M or 2G.");
  }
  if (problems.length > 0) throw joinErrors(problems);
}
