/** Work on a disk that is shared out by chunks of `CHUNK_BYTES`. */
export type Job =
  | { kind: "convert-qcow2"; sourcePath: string; targetPath: string }
  /** `hashes`: `HASH_BYTES` zeros for each chunk. */
  | { kind: "hash"; path: string; hashes: SharedArrayBuffer };

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** What a worker is given: one message, then it works until no chunk is left. */
export interface WorkerOrder {
  job: Job;
  /** Chunks in all. */
  chunks: number;
  /** Two 64-bit numbers: the next chunk that nobody has taken, the bytes of the disk done. */
  counters: SharedArrayBuffer;
}

/** Places in {@linkcode WorkerOrder.counters}. */
export const COUNTER = { nextChunk: 0, doneBytes: 1 } as const;

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
