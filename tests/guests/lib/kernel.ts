import { messageOf } from "../../../errors/error.ts";
import { PrivateApt } from "./apt.ts";
import { debianArch, type GuestArch } from "./arch.ts";

/** The package that a metapackage stood for when it was last asked. */
export interface KernelPackage {
  name: string;
  version: string;
}

/** Debian's newest kernel is asked for this often, so that most runs need no network. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** The package that always depends on Debian's newest cloud kernel. */
export function kernelMetapackage(arch: GuestArch): string {
  return `linux-image-cloud-${debianArch(arch)}`;
}

/**
 * The newest kernel package, remembered in the cache. Without a network the last answer stands,
 * however old.
 */
export async function newestKernel(cache: string, arch: GuestArch): Promise<KernelPackage> {
  const file = `${cache}/kernel-${arch}.json`;
  const known = await remembered(file);
  if (known !== undefined && Date.now() - known.madeAtMs < MAX_AGE_MS) return known.kernel;
  await Deno.mkdir(cache, { recursive: true });
  using lock = await Deno.open(`${cache}/kernel-${arch}.lock`, { create: true, write: true });
  await lock.lock(true);
  const since = await remembered(file);
  if (since !== undefined && since.madeAtMs !== known?.madeAtMs) return since.kernel;
  try {
    const apt = aptOf(cache, arch);
    await apt.update();
    const { version, depends } = await apt.show(kernelMetapackage(arch));
    const kernel = { name: depends[0] ?? kernelMetapackage(arch), version };
    await Deno.writeTextFile(`${file}.new`, JSON.stringify(kernel));
    await Deno.rename(`${file}.new`, file);
    return kernel;
  } catch (error) {
    if (known === undefined) throw error;
    console.error(`guests: keeping kernel ${known.kernel.version}: ${messageOf(error)}`);
    return known.kernel;
  }
}

/** The cache's own apt for an architecture. */
export function aptOf(cache: string, arch: GuestArch): PrivateApt {
  return new PrivateApt(`${cache}/apt-${arch}`, arch);
}

async function remembered(
  file: string,
): Promise<{ kernel: KernelPackage; madeAtMs: number } | undefined> {
  try {
    const madeAtMs = (await Deno.stat(file)).mtime?.getTime() ?? 0;
    const kernel: Partial<KernelPackage> | null = JSON.parse(await Deno.readTextFile(file));
    if (typeof kernel?.name !== "string" || typeof kernel.version !== "string") return undefined;
    return { kernel: { name: kernel.name, version: kernel.version }, madeAtMs };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
