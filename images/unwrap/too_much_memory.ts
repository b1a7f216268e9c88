import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";

const MIB = 1024 * 1024;

/**
 * Bytes of memory that unpacking may take. A header may ask for 4 GiB; `xz -9` needs 65 MiB, and
 * `zstd --ultra -22` a window of 128 MiB, the most that the runtime's decompressor takes.
 */
export const UNPACK_MEMORY_BYTES = { xz: 512 * MIB, zstd: 128 * MIB } as const;

/** What unpacks them however much they need. */
const COMMANDS = { xz: "xz --decompress --keep FILE", zstd: "zstd --decompress --long=31 FILE" };

/** The error for packed data that is whole, and needs more memory than {@linkcode UNPACK_MEMORY_BYTES}. */
export function tooMuchMemory(format: keyof typeof UNPACK_MEMORY_BYTES): CocoonError {
  const limit = formatSize(UNPACK_MEMORY_BYTES[format]);
  return new CocoonError("failed", `its ${format} data needs more than ${limit} of memory`, {
    hint: `Unpack it yourself, and import what comes out: ${COMMANDS[format]}`,
  });
}
