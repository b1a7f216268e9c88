/**
 * Gets the uncompressed arm64 kernel out of a kernel file: the only form that Apple's framework
 * boots on Apple silicon. EFI zboot: drivers/firmware/efi/libstub/zboot-header.S of Linux.
 */
import { CocoonError } from "../errors/error.ts";
import type { Architecture, Host, KernelFormat } from "../plugins/contract.ts";
import { type ByteRange, readRange, readStart, wholeFile, within } from "./byte_range.ts";
import { type Compression, requireDecoder, unpack, UnpackError } from "./decompress.ts";
import { identifyKernel, KERNEL_HEAD_BYTES } from "./kernel.ts";

/** No kernel is larger; what is, is a trap. */
export const KERNEL_LIMIT_BYTES = 512 * 2 ** 20;

/** Packings inside packings: gzip around an EFI zboot is as far as anybody goes. */
const MAX_LAYERS = 3;

const COMPRESSIONS: Partial<Record<KernelFormat, Compression>> = {
  gzip: "gzip",
  zstd: "zstd",
  xz: "xz",
  lzma: "lzma",
  bzip2: "bzip2",
  lz4: "lz4",
  lzo: "lzo",
};

/** The names of an EFI zboot's header; `xzkern` and `zstd22` are the kernel's ways to pack. */
const ZBOOT_COMPRESSIONS: Readonly<Record<string, Compression>> = {
  gzip: "gzip",
  zstd: "zstd",
  zstd22: "zstd",
  xz: "xz",
  xzkern: "xz",
  lzma: "lzma",
  lz4: "lz4",
  lzo: "lzo",
};

/** Options of {@linkcode extractKernel}. */
export interface ExtractOptions {
  /** Most bytes that a step may unpack. @default {KERNEL_LIMIT_BYTES} */
  limitBytes?: number;
}

/** What a step finds: the kernel itself, or what it is packed in. */
type Step = "image" | { payload: ByteRange; compression: Compression };

/**
 * Refuses a kernel file that {@linkcode extractKernel} could not unpack on this computer, as far as
 * its outermost packing tells.
 * @throws {CocoonError} `usage`, saying what the file is; `host-lacks` without a needed program
 */
export async function requireExtractable(
  host: Pick<Host, "which" | "os">,
  path: string,
): Promise<void> {
  const step = await look(path, await wholeFile(path));
  if (step !== "image") requireDecoder(host, step.compression);
}

/**
 * Writes the uncompressed kernel of `sourcePath` to the new file `targetPath`, 0600, on stable
 * storage. On failure nothing is left.
 * @throws {CocoonError} `usage` for a file that holds no arm64 kernel, `host-lacks` when a program
 * that unpacks it is missing
 */
export async function extractKernel(
  host: Pick<Host, "which" | "os">,
  sourcePath: string,
  targetPath: string,
  { limitBytes = KERNEL_LIMIT_BYTES }: ExtractOptions = {},
): Promise<void> {
  const temporary: string[] = [];
  try {
    let range = await wholeFile(sourcePath);
    for (let layer = 0; layer <= MAX_LAYERS; layer++) {
      const step = await look(sourcePath, range);
      if (step === "image") {
        await copyRange(range, targetPath);
        return;
      }
      requireDecoder(host, step.compression);
      const unpacked = `${targetPath}.unpacked${layer}`;
      temporary.push(unpacked);
      await unpackTo(step.payload, step.compression, limitBytes, unpacked);
      range = await wholeFile(unpacked);
    }
    throw refusal(sourcePath, `packed more than ${MAX_LAYERS} times`);
  } catch (error) {
    throw error instanceof UnpackError ? refusal(sourcePath, error.message) : error;
  } finally {
    for (const path of temporary) await Deno.remove(path).catch(() => {/* it was never made */});
  }
}

/** Tells what a range holds, or refuses what no arm64 kernel can be got out of. */
async function look(path: string, range: ByteRange): Promise<Step> {
  const head = await readStart(range, KERNEL_HEAD_BYTES);
  const { format, architecture } = identifyKernel(head);
  if (architecture !== undefined && architecture !== "aarch64") {
    throw wrongArchitecture(path, architecture);
  }
  if (format === "arm64-image") return "image";
  if (format === "efi-zboot") return zbootPayload(path, range, head);
  const compression = COMPRESSIONS[format];
  if (compression !== undefined) return { payload: range, compression };
  const kinds: Partial<Record<KernelFormat, string>> = {
    elf: "an ELF file (vmlinux), which boots nowhere by itself",
    uki: "a unified kernel image, which only EFI boots",
    fit: "an image for the boot loader U-Boot",
    uimage: "an image for the boot loader U-Boot",
  };
  throw refusal(path, kinds[format] ?? "no Linux kernel inside");
}

function zbootPayload(path: string, range: ByteRange, head: Uint8Array): Step {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 0x40) throw refusal(path, "an EFI kernel that was cut off");
  const offset = view.getUint32(0x08, true);
  const length = view.getUint32(0x0c, true);
  // 32 bytes before the next field; a name that fills them all has no zero byte.
  const name = new TextDecoder().decode(head.subarray(0x18, 0x38)).replace(/\0.*$/s, "");
  const compression = Object.hasOwn(ZBOOT_COMPRESSIONS, name)
    ? ZBOOT_COMPRESSIONS[name]
    : undefined;
  if (compression === undefined) {
    throw refusal(path, `an EFI kernel packed in an unknown way: ${JSON.stringify(name)}`);
  }
  if (length === 0 || offset + length > range.length) {
    throw refusal(path, "an EFI kernel that was cut off");
  }
  return { payload: within(range, offset, length), compression };
}

async function unpackTo(
  payload: ByteRange,
  compression: Compression,
  limitBytes: number,
  path: string,
): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  await unpack(payload, compression, limitBytes, (bytes) => writeAll(file, bytes));
}

async function copyRange(range: ByteRange, path: string): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  try {
    for await (const bytes of readRange(range)) await writeAll(file, bytes);
    await file.sync();
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

function wrongArchitecture(path: string, architecture: Architecture): CocoonError {
  return new CocoonError(
    "usage",
    `kernel ${path}: it is for ${architecture}, the machine is aarch64`,
    { hint: "Give a kernel for aarch64." },
  );
}

function refusal(path: string, what: string): CocoonError {
  return new CocoonError("usage", `kernel ${path}: ${what}`, {
    hint: "Give the uncompressed kernel (arch/arm64/boot/Image), or one packed by gzip or zstd.",
  });
}
