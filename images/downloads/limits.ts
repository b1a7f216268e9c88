import { MAX_DISK_BYTES } from "../limits.ts";
import type { HttpLimits } from "../sources/http.ts";

/** Limits of a download, all with a default. */
export interface DownloadLimits extends HttpLimits {
  /** Connections at once, where the server has ranges. @default {4} */
  connections?: number;
  /**
   * Milliseconds after which further connections are opened. One connection to a near server is
   * fast enough, and such a download has ended by then. @default {1000}
   */
  parallelAfterMs?: number;
  /** Bytes of a piece, which one connection fetches; a multiple of 1 MiB. @default {16 MiB} */
  pieceBytes?: number;
  /** Tries without any progress between them before it is given up. @default {6} */
  attempts?: number;
  /** Milliseconds before the second try; each further pause is twice as long. @default {500} */
  retryDelayMs?: number;
  /** Longest pause that a server's `Retry-After` is followed for. @default {120000} */
  maxRetryAfterMs?: number;
  /** Largest file. @default {1 TiB} */
  maxBytes?: number;
}

const MIB = 1024 * 1024;

/** Pieces of one download: so many that four connections end together, few enough to list. */
const MAX_PIECES = 2048;

/** The limits with all defaults. */
export function withDefaults(limits: DownloadLimits): Required<DownloadLimits> {
  return {
    responseTimeoutMs: 30_000,
    idleTimeoutMs: 60_000,
    connections: 4,
    parallelAfterMs: 1000,
    pieceBytes: 16 * MIB,
    attempts: 6,
    retryDelayMs: 500,
    maxRetryAfterMs: 120_000,
    maxBytes: MAX_DISK_BYTES,
    ...limits,
  };
}

/** Bytes of a piece of a file of this length. */
export function pieceBytesFor(totalBytes: number, wantedBytes: number): number {
  return Math.max(wantedBytes, Math.ceil(totalBytes / MAX_PIECES / MIB) * MIB);
}
