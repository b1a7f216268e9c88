import { buildFull } from "./full/build.ts";
import type { GuestArch } from "./lib/arch.ts";
import { cached, guestCacheDir } from "./lib/cache_dir.ts";
import { aptOf, newestKernel } from "./lib/kernel.ts";
import { recipeHash } from "./lib/recipe.ts";
import { buildSmall } from "./small/build.ts";

/** Files of the small guest; read-only, shared by all tests: give a machine a copy or an overlay. */
export interface SmallGuest {
  /** As Debian ships it: bzImage on x86_64, Image on aarch64. */
  kernelPath: string;
  initrdPath: string;
  /** An EFI disk with a GPT, about 64 MiB. */
  rawPath: string;
  /** The same, compressed. */
  qcow2Path: string;
}

/** Files of the full guest; read-only, shared by all tests. */
export interface FullGuest {
  /** An EFI disk with a GPT, 2 GiB, sparse; the root partition is the last. */
  rawPath: string;
  /** The same, compressed. */
  qcow2Path: string;
}

const here = (path: string) => new URL(path, import.meta.url);

/**
 * The small guest, built (about 15 s and a download of 33 MB) when this recipe was not yet. Safe to
 * ask for from several processes at once.
 *
 * @throws {CocoonError} `host-lacks` when a tool is missing, with the package that has it
 */
export async function smallGuest(arch: GuestArch = "x86_64"): Promise<SmallGuest> {
  const cache = guestCacheDir();
  const kernel = await newestKernel(cache, arch);
  const key = await recipeHash([here("lib"), here("small")], [arch, kernel.name, kernel.version]);
  const dir = await cached(cache, `small-${arch}`, key, async (made, work) => {
    const apt = aptOf(cache, arch);
    // The lists may be older than the archive, and name packages that it no longer has.
    await apt.update();
    await buildSmall(made, arch, apt, kernel.name, work);
  });
  return {
    kernelPath: `${dir}/vmlinuz`,
    initrdPath: `${dir}/initrd`,
    rawPath: `${dir}/small.raw`,
    qcow2Path: `${dir}/small.qcow2`,
  };
}

/**
 * The full guest, for this computer's architecture; building it takes about 2 minutes and root.
 *
 * @throws {CocoonError} `host-lacks` when a tool is missing (with the package that has it) or we are
 * not root
 */
export async function fullGuest(): Promise<FullGuest> {
  const cache = guestCacheDir();
  const arch = Deno.build.arch;
  const kernel = await newestKernel(cache, arch);
  const key = await recipeHash([here("lib"), here("full")], [arch, kernel.name, kernel.version]);
  const dir = await cached(cache, `full-${arch}`, key, (made, work) => buildFull(made, arch, work));
  return { rawPath: `${dir}/full.raw`, qcow2Path: `${dir}/full.qcow2` };
}
