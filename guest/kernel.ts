/**
 * Tells what kind of kernel a file is, by its first bytes.
 *
 * Sources: Documentation/arch/arm64/booting.rst and Documentation/arch/x86/boot.rst of Linux,
 * drivers/firmware/efi/libstub/zboot-header.S, the PE/COFF and ELF specifications, the magic
 * numbers of the compressors' own formats.
 */
import { CocoonError } from "../errors/error.ts";
import { unreadable } from "../errors/file_error.ts";
import type { Architecture, KernelFormat } from "../plugins/contract.ts";
import { wholeFile } from "./byte_range.ts";

/** A kernel file, as far as its beginning tells. */
export interface KernelInfo {
  format: KernelFormat;
  /** Undefined where the beginning does not say it. */
  architecture?: Architecture;
}

/** Bytes of a file that {@linkcode identifyKernel} looks at. */
export const KERNEL_HEAD_BYTES = 4096;

/** Packed bytes from which the head of a gzip file can be unpacked. */
const GZIP_HEAD_BYTES = 64 * 1024;

/** Magic numbers of compressed files and board images. */
const MAGICS: readonly (readonly [KernelFormat, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["lzma", [0x5d, 0x00, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]], // the older framing, which Linux uses
  ["lzo", [0x89, 0x4c, 0x5a, 0x4f]],
  ["fit", [0xd0, 0x0d, 0xfe, 0xed]],
  ["uimage", [0x27, 0x05, 0x19, 0x56]],
];

/**
 * What the beginning of a file is, from up to {@linkcode KERNEL_HEAD_BYTES} bytes. The order
 * matters: several kinds are EFI programs too, and begin with `MZ`.
 */
export function identifyKernel(head: Uint8Array): KernelInfo {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const u16 = (at: number) => at + 2 <= head.length ? view.getUint16(at, true) : -1;
  const u32 = (at: number) => at + 4 <= head.length ? view.getUint32(at, true) : -1;
  if (u32(0x38) === 0x644d5241) return { format: "arm64-image", architecture: "aarch64" };
  const efi = u16(0) === 0x5a4d;
  if (efi && u32(4) === 0x676d697a) return withMachine("efi-zboot", peMachine(u16, u32));
  if (u16(0x1fe) === 0xaa55 && u32(0x202) === 0x53726448) {
    return { format: "x86-bzimage", architecture: "x86_64" };
  }
  if (u32(0) === 0x464c457f) return withMachine("elf", ELF_MACHINES[u16(0x12)]);
  for (const [format, magic] of MAGICS) {
    if (magic.every((byte, i) => head[i] === byte)) return { format };
  }
  if (efi && hasLinuxSection(head, u16, u32)) return withMachine("uki", peMachine(u16, u32));
  return { format: "unknown" };
}

const ELF_MACHINES: Record<number, Architecture> = { 62: "x86_64", 183: "aarch64" };
const PE_MACHINES: Record<number, Architecture> = { 0x8664: "x86_64", 0xaa64: "aarch64" };

type Read = (at: number) => number;

function withMachine(format: KernelFormat, architecture: Architecture | undefined): KernelInfo {
  return architecture === undefined ? { format } : { format, architecture };
}

/** The offset of the PE header, -1 when there is none. */
function peOffset(u32: Read): number {
  const at = u32(0x3c);
  return at > 0 && u32(at) === 0x4550 ? at : -1;
}

function peMachine(u16: Read, u32: Read): Architecture | undefined {
  const at = peOffset(u32);
  return at < 0 ? undefined : PE_MACHINES[u16(at + 4)];
}

function hasLinuxSection(head: Uint8Array, u16: Read, u32: Read): boolean {
  const at = peOffset(u32);
  if (at < 0) return false;
  const table = at + 24 + u16(at + 20);
  for (let i = 0; i < u16(at + 6); i++) {
    const name = head.subarray(table + 40 * i, table + 40 * i + 8);
    if (new TextDecoder().decode(name).replace(/\0.*$/, "") === ".linux") return true;
  }
  return false;
}

/**
 * Looks at a kernel file; into a gzip file and at an ELF file's notes too.
 * @throws {CocoonError} as `unreadable` when it cannot be read
 */
export async function inspectKernel(path: string): Promise<KernelInfo> {
  const head = await readHead(path);
  const info = identifyKernel(head.subarray(0, KERNEL_HEAD_BYTES));
  if (info.format === "elf" && info.architecture === "x86_64") {
    const { hasPvhEntry } = await import("./elf_notes.ts");
    return await hasPvhEntry(await wholeFile(path)) ? { ...info, format: "pvh-elf" } : info;
  }
  if (info.format !== "gzip") return info;
  const inner = identifyKernel(await unpackHead(head));
  return withMachine("gzip", inner.architecture);
}

/**
 * Looks at a kernel file and refuses what cannot boot a machine of `architecture`.
 * @throws {CocoonError} `usage`, saying what the file is instead
 */
export async function requireKernel(path: string, architecture: Architecture): Promise<KernelInfo> {
  const info = await inspectKernel(path);
  const refuse = (why: string, hint: string) => {
    throw new CocoonError("usage", `kernel ${path}: ${why}`, { hint });
  };
  if (info.architecture !== undefined && info.architecture !== architecture) {
    refuse(
      `it is for ${info.architecture}, the machine is ${architecture}`,
      `Give a kernel for ${architecture}, or create the machine with --architecture ${info.architecture}.`,
    );
  }
  switch (info.format) {
    case "unknown":
      refuse(
        "not a Linux kernel that cocoon knows",
        "Give a vmlinuz or Image file of a Linux kernel.",
      );
      break;
    case "fit":
    case "uimage":
      refuse("an image for the boot loader U-Boot", "Give the kernel that was packed into it.");
      break;
    case "uki":
      refuse("a unified kernel image, which only EFI boots", "Put it on a disk and boot that.");
  }
  return info;
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(GZIP_HEAD_BYTES);
    let length = 0;
    while (length < head.length) {
      const count = await file.read(head.subarray(length));
      if (count === null) break;
      length += count;
    }
    return head.subarray(0, length);
  } catch (cause) {
    throw unreadable(`kernel ${path}`, cause);
  }
}

/** The first bytes of what a gzip file holds; as many as its beginning gives. */
async function unpackHead(packed: Uint8Array): Promise<Uint8Array> {
  const head = new Uint8Array(KERNEL_HEAD_BYTES);
  let length = 0;
  try {
    const stream = new Blob([Uint8Array.from(packed)]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    for await (const chunk of stream) {
      const part = chunk.subarray(0, head.length - length);
      head.set(part, length);
      length += part.length;
      if (length === head.length) break;
    }
  } catch { /* it is cut off, as only its beginning was read */ }
  return head.subarray(0, length);
}
