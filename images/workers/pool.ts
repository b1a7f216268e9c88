import { CocoonError } from "../../errors/error.ts";
import { CHUNK_BYTES } from "../limits.ts";
import {
  COUNTER,
  COUNTERS_BYTES,
  type Job,
  type WorkerAnswer,
  type WorkerFailure,
  type WorkerOrder,
} from "./job.ts";

/** Options of {@linkcode runInWorkers}. */
export interface WorkOptions {
  /** CPUs to use; see `MAX_WORKERS`. @default {navigator.hardwareConcurrency} */
  cpus?: number;
  signal?: AbortSignal | undefined;
  /** Called about ten times a second with the bytes of the disk done so far. */
  onProgress?: ((doneBytes: number) => void) | undefined;
}

/** Each worker costs about 40 MiB; with more than five the whole would pass 300 MiB. */
const MAX_WORKERS = 5;
/** Below this much work a further worker's start (about 30 ms) costs more than it saves. */
const CHUNKS_A_WORKER = 8;
const PROGRESS_INTERVAL_MS = 100;

/**
 * Does a job on all chunks of a disk in worker threads, so that all CPUs help and this thread
 * stays free for progress and interruption. When one worker fails, the others are ended.
 *
 * @param diskBytes length of the disk
 * @throws {CocoonError} as the worker threw it; for an error of the system a {@linkcode WorkError}
 */
export async function runInWorkers(
  job: Job,
  diskBytes: number,
  options: WorkOptions = {},
): Promise<void> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const chunks = Math.ceil(diskBytes / CHUNK_BYTES);
  const counters = new SharedArrayBuffer(COUNTERS_BYTES);
  const order: WorkerOrder = { job, chunks, counters };
  const cpus = options.cpus ?? navigator.hardwareConcurrency;
  const count = Math.max(1, Math.min(cpus, MAX_WORKERS, Math.ceil(chunks / CHUNKS_A_WORKER)));
  const done = () => Number(Atomics.load(new BigInt64Array(counters), COUNTER.doneBytes));
  const timer = onProgress && setInterval(() => onProgress(done()), PROGRESS_INTERVAL_MS);
  const workers: Worker[] = [];
  const over = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), {
        once: true,
        signal: over.signal,
      });
      const ends = Array.from({ length: count }, () => {
        const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
        workers.push(worker);
        return runOrder(worker, order);
      });
      Promise.all(ends).then(() => resolve(), reject);
    });
    onProgress?.(done());
  } finally {
    over.abort();
    clearInterval(timer);
    for (const worker of workers) worker.terminate();
  }
}

/** An error of the system in a worker. */
export class WorkError extends Error {
  override readonly name = "WorkError";

  /** @param code name of the system's error, e.g. `ENOSPC` */
  constructor(message: string, readonly code: string | undefined) {
    super(message);
  }
}

function runOrder(worker: Worker, order: WorkerOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if (data.failure) reject(asError(data.failure));
      else resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`a worker thread failed: ${event.message}`));
    };
    worker.postMessage(order);
  });
}

function asError(failure: WorkerFailure): Error {
  if (failure.code === undefined) return new WorkError(failure.message, failure.errno);
  return new CocoonError(failure.code, failure.message, {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  });
}
