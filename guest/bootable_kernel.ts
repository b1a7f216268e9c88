/** Whether a hypervisor can boot a kernel file directly, and what has to be done to it. */
import { CocoonError } from "../errors/error.ts";
import type { Architecture, Capabilities, Host, KernelFormat } from "../plugins/contract.ts";
import { requireKernel } from "./kernel.ts";

/** What a kernel is to boot. */
export interface BootTarget {
  architecture: Architecture;
  /** Of the backend; absent = it takes any kernel. */
  kernels: Capabilities["kernels"];
  /** The backend's name, for messages. */
  backend: string;
}

/**
 * Looks at a kernel file and refuses what `target` cannot boot.
 * @returns whether the uncompressed kernel has to be got out of the file first
 * @throws {CocoonError} `usage`, saying what the file is; `host-lacks` without a program that
 *   unpacks it
 */
export async function requireBootable(
  host: Pick<Host, "which" | "os">,
  path: string,
  { architecture, kernels, backend }: BootTarget,
): Promise<{ unpack: boolean }> {
  const { format } = await requireKernel(path, architecture);
  if (kernels === undefined) return { unpack: false };
  const taken = kernels[architecture] ?? [];
  if (taken.includes(format)) return { unpack: false };
  if (taken.includes("arm64-image")) {
    const { requireExtractable } = await import("./kernel_extract.ts");
    await requireExtractable(host, path);
    return { unpack: true };
  }
  throw new CocoonError(
    "usage",
    `kernel ${path}: ${TEXTS[format]}, which backend "${backend}" does not boot on ${architecture}`,
    {
      hint: taken.length === 0
        ? "Boot a disk image instead."
        : `Give ${taken.map((kind) => TEXTS[kind]).join(" or ")}. ` +
          "Is it perhaps the --initrd, or a kernel that has to be unpacked?",
    },
  );
}

const TEXTS: Readonly<Record<KernelFormat, string>> = {
  "arm64-image": "an uncompressed arm64 kernel (Image)",
  "efi-zboot": "a kernel packed into an EFI program (zboot)",
  "x86-bzimage": "an x86 kernel (bzImage), as the vmlinuz of distributions is one",
  elf: "an ELF file without an entry for hypervisors",
  "pvh-elf": "an ELF file (vmlinux) with an entry for hypervisors (PVH)",
  uki: "a unified kernel image",
  gzip: "a file packed by gzip",
  zstd: "a file packed by zstd",
  xz: "a file packed by xz",
  lzma: "a file packed by lzma",
  bzip2: "a file packed by bzip2",
  lz4: "a file packed by lz4",
  lzo: "a file packed by lzop",
  fit: "an image for the boot loader U-Boot",
  uimage: "an image for the boot loader U-Boot",
  unknown: "no Linux kernel that cocoon knows",
};
