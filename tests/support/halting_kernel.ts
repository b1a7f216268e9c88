/**
 * Kernels that halt at their first instruction: for tests that need a machine which runs, costs
 * no CPU time and is there at once, but no guest in it. Such a machine ignores its power button.
 */
import type { Architecture } from "../../plugins/contract.ts";

/**
 * Linux's boot protocol (Documentation/arch/x86/boot.rst): a boot sector whose second half has
 * the header, and one sector of set-up code, which is entered at its begin in real mode.
 */
function x86(): Uint8Array {
  const image = new Uint8Array(4 * 512);
  const view = new DataView(image.buffer);
  image[0x1f1] = 1; // setup_sects
  view.setUint16(0x1fe, 0xaa55, true); // boot_flag
  image.set([0xeb, 0x66], 0x200); // jmp 0x268, over the header
  image.set(new TextEncoder().encode("HdrS"), 0x202);
  view.setUint16(0x206, 0x0204, true); // version
  image[0x211] = 1; // loadflags: LOADED_HIGH
  view.setUint32(0x214, 0x100000, true); // code32_start
  image.set([0xfa, 0xf4, 0xeb, 0xfc], 0x268); // cli; hlt; jmp to the hlt
  return image;
}

/** Linux's Image of arm64 (Documentation/arch/arm64/booting.rst). */
function arm64(): Uint8Array {
  const image = new Uint8Array(4096);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0xd503207f, true); // wfi
  view.setUint32(4, 0x17ffffff, true); // b to the wfi
  view.setBigUint64(16, BigInt(image.length), true); // image_size
  view.setUint32(56, 0x644d5241, true); // magic
  return image;
}

/** Writes the kernel for this computer's architecture and returns the flags that boot it. */
export async function haltingBoot(folder: string): Promise<string[]> {
  const kernels: Record<Architecture, () => Uint8Array> = { x86_64: x86, aarch64: arm64 };
  const path = `${folder}/halting-kernel`;
  await Deno.writeFile(path, kernels[Deno.build.arch]());
  return ["--kernel", path, "--memory", "32M", "--cpus", "1"];
}
