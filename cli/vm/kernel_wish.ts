/** The kernel that the flags ask for. */
import { CocoonError } from "../../errors/error.ts";
import { unreadable } from "../../errors/file_error.ts";
import type { BootTarget } from "../../guest/bootable_kernel.ts";
import type { Host } from "../../plugins/contract.ts";
import type { CreateRequest } from "../../vm/create.ts";
import type { CreateFlags } from "./create_flags.ts";

/**
 * The kernel command line when none is given: output on each of the serial consoles that a backend
 * may offer; those that are not there are passed over by the kernel. The last one that exists is
 * `/dev/console`.
 */
export const DEFAULT_COMMAND_LINE = "console=hvc0 console=ttyAMA0 console=ttyS0";

/** @throws {CocoonError} `usage` for flags that need others */
export function checkKernelFlags(flags: CreateFlags, reference: string | undefined): void {
  if (flags.kernel === undefined) {
    if (flags.initrd !== undefined || flags.cmdline !== undefined) {
      throw new CocoonError("usage", "--initrd and --cmdline need --kernel");
    }
    if (reference === undefined) {
      throw new CocoonError("usage", "no IMAGE is given", {
        hint: "Name an image, a file or a URL; or boot a kernel directly with --kernel.",
      });
    }
  }
  if (reference === undefined && flags.disk !== undefined) {
    throw new CocoonError("usage", "--disk is the size of the image's disk; no IMAGE is given", {
      hint: "For an empty disk: --data-disk SIZE",
    });
  }
}

/**
 * What `--kernel` and its companions ask for; undefined without them.
 * @throws {CocoonError} when a file cannot be read, or the backend cannot boot it
 */
export async function kernelWish(
  host: Host,
  flags: CreateFlags,
  target: BootTarget,
): Promise<CreateRequest["kernel"]> {
  if (flags.kernel === undefined) return undefined;
  const { requireBootable } = await import("../../guest/bootable_kernel.ts");
  const { unpack } = await requireBootable(host, flags.kernel, target);
  if (flags.initrd !== undefined) await requireReadable("--initrd", flags.initrd);
  return {
    kernelPath: flags.kernel,
    ...(flags.initrd === undefined ? {} : { initrdPath: flags.initrd }),
    commandLine: flags.cmdline ?? DEFAULT_COMMAND_LINE,
    unpack,
  };
}

async function requireReadable(flag: string, path: string): Promise<void> {
  try {
    using file = await Deno.open(path);
    await file.read(new Uint8Array(1));
  } catch (cause) {
    throw unreadable(`${flag} ${path}`, cause);
  }
}
