import { formatSize } from "../../config/size.ts";
import { CocoonError } from "../../errors/error.ts";
import { MAX_DISK_BYTES } from "../limits.ts";
import { tooLarge } from "../too_large.ts";

const GIB = 1024 * 1024 * 1024;

/**
 * How much may come out of packed data: of a large empty disk very much does, but it is zeros. An
 * empty disk of 40 GiB packed by zstd has 1.3 MiB; system images have a tenth to a half of their
 * data.
 */
export const UNPACKED_LIMITS = {
  /** Bytes in all, for each packed byte, and how many are allowed in any case. */
  total: { ratio: 50_000, freeBytes: 64 * GIB },
  /** The same of bytes that are not zero and so take room. */
  written: { ratio: 200, freeBytes: GIB },
} as const;

/**
 * Whether so much may come out of so much; at the limit the reading ends.
 * @throws {CocoonError} `failed`
 */
export function checkUnpacked(
  packedBytes: number,
  unpacked: { totalBytes: number; writtenBytes: number },
  limits: typeof UNPACKED_LIMITS | UnpackedLimits = UNPACKED_LIMITS,
): void {
  if (unpacked.totalBytes > MAX_DISK_BYTES) throw tooLarge(MAX_DISK_BYTES);
  checkLimit(packedBytes, unpacked.totalBytes, limits.total, "");
  checkWritten(packedBytes, unpacked.writtenBytes, limits.written);
}

/**
 * Whether so much that takes room may come out of so much, where the length of the disk says
 * nothing: an empty disk image is small, however large its disk.
 * @throws {CocoonError} `failed`
 */
export function checkWritten(
  packedBytes: number,
  writtenBytes: number,
  limit: Limit = UNPACKED_LIMITS.written,
): void {
  checkLimit(packedBytes, writtenBytes, limit, " that are not zeros");
}

function checkLimit(packedBytes: number, bytes: number, limit: Limit, ofWhat: string): void {
  const allowedBytes = Math.max(limit.freeBytes, packedBytes * limit.ratio);
  if (bytes <= allowedBytes) return;
  throw new CocoonError(
    "failed",
    `it unpacks to more than ${formatSize(allowedBytes)}${ofWhat} out of ` +
      `${formatSize(packedBytes)}, which no disk image does`,
    { hint: "If you trust it, unpack it yourself and import the result." },
  );
}

/** A factor, and what is allowed in any case. */
export interface Limit {
  ratio: number;
  freeBytes: number;
}

/** See {@linkcode UNPACKED_LIMITS}. */
export interface UnpackedLimits {
  total: Limit;
  written: Limit;
}
