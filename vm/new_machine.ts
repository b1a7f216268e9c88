/** The values of a machine, from what was asked for. */
import { randomMac, randomUuid } from "../guest/names.ts";
import { join } from "../host/path.ts";
import type { Disk, Machine } from "../plugins/contract.ts";
import type { Home } from "../state/home.ts";
import { cdrom, emptyRoot } from "./cd_disks.ts";
import type { CreateRequest } from "./create.ts";
import { layerDisks } from "./layer_disks.ts";

/** What of a wish the machine's values come from. */
export interface MachineParts extends Pick<CreateRequest, "spec" | "image" | "devices" | "tuning"> {
  kernel?: CreateRequest["kernel"] | undefined;
  /** What copies the image; nobody does where there is none, or none yet. */
  storage?: CreateRequest["storage"];
}

/**
 * The values of a machine that is to be made; nothing is there yet. Its vsock device comes when the
 * store has given it a context id.
 */
export function newMachine(home: Home, id: string, request: MachineParts): Machine {
  const { spec, kernel } = request;
  const { vsock: _later, ...devices } = request.devices;
  const dir = home.machineDir(id);
  return {
    id,
    name: spec.name,
    uuid: randomUuid(),
    architecture: spec.architecture,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    boot: kernel === undefined
      ? { kind: "efi", variableStorePath: join(dir, "efi-variables.fd") }
      : {
        kind: "linux",
        kernelPath: join(dir, "kernel"),
        ...(kernel.initrdPath === undefined ? {} : { initrdPath: join(dir, "initrd") }),
        commandLine: kernel.commandLine,
      },
    disks: planDisks(home, dir, request),
    nics: spec.networks.map((nic, index) => ({
      index,
      network: nic.network,
      mac: nic.mac ?? randomMac(),
      forwards: nic.forwards,
    })),
    devices,
    ...(request.tuning === undefined ? {} : { tuning: request.tuning }),
  };
}

function planDisks(home: Home, dir: string, { spec, image, storage }: MachineParts): Disk[] {
  const disks: Disk[] = [];
  if (image?.kind === "direct") {
    disks.push(...layerDisks(home, image, dir));
  } else if (image?.kind === "iso") {
    disks.push(emptyRoot(dir));
  } else if (image !== undefined) {
    if (storage === undefined) throw new TypeError("an image without a storage driver");
    const format = storage.format;
    const path = join(dir, `root.${format}`);
    disks.push({ role: "root", path, format, serial: "root", readOnly: false });
  }
  for (const { name, bus } of spec.dataDisks) {
    const path = join(dir, `data-${name}.raw`);
    disks.push({
      role: "data",
      path,
      format: "raw",
      serial: name,
      readOnly: false,
      ...(bus === undefined ? {} : { bus }),
    });
  }
  const path = join(dir, "seed.iso");
  disks.push({ role: "seed", path, format: "raw", serial: "seed", readOnly: true });
  // Last: the guest's names of the other disks are what they will be without it.
  if (image?.kind === "iso") disks.push(cdrom(home, image));
  return disks;
}
