/// <reference lib="deno.worker" />
/**
 * Entry of a worker thread: takes chunks until none is left. Loaded by its address only, so a
 * compiled program must be told to embed it.
 */
import { CocoonError, messageOf } from "../../errors/error.ts";
import { ChunkConverter } from "../convert/chunk_converter.ts";
import { ChunkHasher } from "../disk/chunk_hasher.ts";
import { checkWritten } from "../unwrap/bounds.ts";
import {
  COUNTER,
  type Job,
  type WorkerAnswer,
  type WorkerFailure,
  type WorkerOrder,
} from "./job.ts";

self.onmessage = (event: MessageEvent<WorkerOrder>) => {
  const answer: WorkerAnswer = {};
  try {
    work(event.data);
  } catch (error) {
    answer.failure = describe(error);
  }
  self.postMessage(answer);
};

function work({ job, chunks, counters }: WorkerOrder): void {
  const shared = new BigInt64Array(counters);
  using stack = new DisposableStack();
  const doChunk = prepare(job, shared, stack);
  while (true) {
    const chunk = Number(Atomics.add(shared, COUNTER.nextChunk, 1n));
    if (chunk >= chunks) return;
    Atomics.add(shared, COUNTER.doneBytes, BigInt(doChunk(chunk)));
  }
}

/** What to do with one chunk; returns the bytes of the disk that it covers. */
function prepare(
  job: Job,
  counters: BigInt64Array,
  stack: DisposableStack,
): (chunk: number) => number {
  if (job.kind === "convert-qcow2") {
    const converter = stack.use(new ChunkConverter(job.sourcePath, job.targetPath));
    let counted = 0;
    return (chunk) => {
      const bytes = converter.convert(chunk);
      const more = BigInt(converter.writtenBytes - counted);
      counted = converter.writtenBytes;
      // Of all workers: a small file whose clusters unpack to ever more is ended by the first that
      // sees it.
      const written = Number(Atomics.add(counters, COUNTER.writtenBytes, more) + more);
      checkWritten(job.packedBytes, written, job.limit);
      return bytes;
    };
  }
  const hasher = stack.use(new ChunkHasher(job.path));
  const hashes = new Uint8Array(job.hashes);
  return (chunk) => hasher.hash(chunk, hashes);
}

function describe(error: unknown): WorkerFailure {
  if (error instanceof CocoonError) {
    return {
      message: error.message,
      code: "failed",
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  const errno = error instanceof Error && "code" in error ? error.code : undefined;
  return { message: messageOf(error), ...(typeof errno === "string" ? { errno } : {}) };
}
