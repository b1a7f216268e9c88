import { CocoonError } from "../../errors/error.ts";
import type { DirectFiles } from "../../state/direct_image.ts";
import type { CreateRequest } from "../../vm/create.ts";
import { COW_SERIAL, layerSerial } from "../../vm/layer_disks.ts";

/** What the kernel of an image of layers is told beside the image. */
export interface DirectMachine {
  /** The guest's host name. */
  name: string;
  hasNetwork: boolean;
  /** `console=` for the serial consoles. */
  consoles: string;
  /** The hypervisor needs the kernel unpacked. */
  unpack: boolean;
}

/**
 * The kernel of an image of layers, with the command line by which its initial RAM disk finds the
 * layers and lays them over each other; `docs/images.md` has that agreement.
 */
export function directKernel(
  files: DirectFiles,
  machine: DirectMachine,
): NonNullable<CreateRequest["kernel"]> {
  const { kernelPath, initrdPath } = files;
  // The upper layers first, as overlayfs wants them.
  const layers = files.layers.map((_, index) => layerSerial(index)).reverse();
  const commandLine = [
    machine.consoles,
    "loglevel=3",
    "boot=cocoon-overlay",
    `cocoon.layers=${layers.join(",")}`,
    `cocoon.cow=${COW_SERIAL}`,
    "rw",
    ...(machine.hasNetwork ? ["net.ifnames=0", `cocoon.hostname=${machine.name}`] : []),
  ].join(" ");
  return { kernelPath, initrdPath, commandLine, unpack: machine.unpack };
}

/** Refuses a kernel beside an image that has its own. */
export function refuseOwnKernel(kernel: CreateRequest["kernel"]): void {
  if (kernel === undefined) return;
  throw new CocoonError("usage", "--kernel: this image has a kernel and an initial RAM disk", {
    hint: "Leave --kernel, --initrd and --cmdline out.",
  });
}
