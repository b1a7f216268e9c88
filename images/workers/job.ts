import type { Limit } from "../unwrap/bounds.ts";

/** Work on a disk that is shared out by chunks of `CHUNK_BYTES`. */
export type Job =
  | {
    kind: "convert-qcow2";
    sourcePath: string;
    targetPath: string;
    /** Length of what the image came in, which its data is measured by. */
    packedBytes: number;
    /** What may come out of that. */
    limit: Limit;
  }
  /** `hashes`: `HASH_BYTES` zeros for each chunk. */
  | { kind: "hash"; path: string; hashes: SharedArrayBuffer };

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** What a worker is given: one message, then it works until no chunk is left. */
export interface WorkerOrder {
  job: Job;
  /** Chunks in all. */
  chunks: number;
  /** 64-bit numbers that all workers share, see {@linkcode COUNTER}. */
  counters: SharedArrayBuffer;
}

/**
 * Places in {@linkcode WorkerOrder.counters}: the next chunk that nobody has taken, the bytes of the
 * disk done, the bytes written that are no holes.
 */
export const COUNTER = { nextChunk: 0, doneBytes: 1, writtenBytes: 2 } as const;
/** Bytes of all counters. */
export const COUNTERS_BYTES = 24;

/** An error as it crosses from a worker. */
export interface WorkerFailure {
  message: string;
  /** The code of a `CocoonError`; absent for any other error. */
  code?: "failed";
  hint?: string;
  /** Name of the system's error, e.g. `ENOSPC`. */
  errno?: string;
}

/** The one answer of a worker: it is done, or why not. */
export type WorkerAnswer = { failure?: WorkerFailure };
