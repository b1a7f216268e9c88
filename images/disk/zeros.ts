import { Buffer } from "node:buffer";
import { HOLE_BYTES } from "../limits.ts";

const ZEROS = Buffer.alloc(1024 * 1024);

/** Whether all bytes of `bytes` from `start` to `end` are zero; 16 GB/s, a loop here makes 1 to 4. */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = start; at < end; at += ZEROS.length) {
    const length = Math.min(ZEROS.length, end - at);
    if (buffer.compare(ZEROS, 0, length, at, at + length) !== 0) return false;
  }
  return true;
}

/**
 * The stretches of `bytes` that must be written: everything except zeros of `HOLE_BYTES` and more,
 * aligned to `HOLE_BYTES`. Neighbours come as one.
 */
export function* dataRuns(
  bytes: Uint8Array,
): Generator<{ start: number; end: number }> {
  let start = -1;
  for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
    const zero = isZero(bytes, at, Math.min(at + HOLE_BYTES, bytes.length));
    if (zero && start >= 0) {
      yield { start, end: at };
      start = -1;
    } else if (!zero && start < 0) {
      start = at;
    }
  }
  if (start >= 0) yield { start, end: bytes.length };
}
