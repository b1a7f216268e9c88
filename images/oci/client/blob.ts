import { CocoonError } from "../../../errors/error.ts";
import { pause } from "../../sources/deadline.ts";
import { TransientError } from "../../sources/http_errors.ts";
import { printable } from "./errors.ts";
import type { Answer } from "./exchange.ts";
import { DigestCheck } from "./hasher.ts";
import type { Descriptor } from "./manifest.ts";
import { retryDelayMs } from "./retry.ts";
import type { Transport } from "./transport.ts";

/**
 * The content of a blob, in order. A transfer that breaks off is taken up where it was; whoever
 * reads to the end knows that length and digest are right, and must not use it before.
 * @throws {CocoonError} `failed` (from the iteration) when they are not, or nothing comes any more
 */
export async function* blobChunks(
  transport: Transport,
  descriptor: Descriptor,
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const subject = `blob ${shortDigest(digest)}`;
  const check = await DigestCheck.create(digest);
  let received = 0;
  // Counted anew whenever something has come: a long transfer may break off often.
  let attempt = 1;
  let source: Source | undefined;
  try {
    for (;;) {
      let piece: Uint8Array | undefined;
      // Opening is repeated by the transport itself.
      source ??= await open(transport, descriptor, received);
      try {
        piece = await source.answer.read();
        if (piece === undefined && received < size) throw endedEarly(subject, received, size);
      } catch (error) {
        await source.answer.discard();
        source = undefined;
        if (attempt >= transport.limits.attempts || !(error instanceof TransientError)) throw error;
        await pause(retryDelayMs(++attempt, transport.limits), transport.signal);
        continue;
      }
      if (piece === undefined) break;
      const fresh = piece.subarray(Math.min(source.skipBytes, piece.length));
      source.skipBytes -= piece.length - fresh.length;
      if (fresh.length === 0) continue;
      received += fresh.length;
      if (received > size) throw tooLong(subject, size);
      attempt = 1;
      check.update(fresh);
      yield fresh;
    }
    check.finish(subject);
  } finally {
    await source?.answer.discard();
  }
}

/** An answer and how much of its beginning is known already. */
interface Source {
  answer: Answer;
  skipBytes: number;
}

/** Asks for the rest; a server without ranges gives all of it again. */
async function open(
  transport: Transport,
  { digest, size }: Descriptor,
  received: number,
): Promise<Source> {
  const answer = await transport.send({
    target: `blobs/${digest}`,
    headers: received === 0 ? {} : { range: `bytes=${received}-` },
    expect: received === 0 ? [200] : [200, 206, 416],
  });
  const range = answer.headers.get("content-range") ?? "";
  const length = answer.headers.get("content-length");
  if (answer.status === 200 && (length === null || Number(length) === size)) {
    return { answer, skipBytes: received };
  }
  const from = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(range)?.[1];
  if (answer.status === 206 && Number(from) === received) return { answer, skipBytes: 0 };
  await answer.discard();
  const subject = `blob ${shortDigest(digest)}`;
  if (answer.status === 416) throw endedEarly(subject, received, size);
  throw new CocoonError(
    "failed",
    answer.status === 200
      ? `${subject} has ${length} bytes, but ${size} by its manifest`
      : `${subject}: the registry answers with another range (${printable(range)})`,
    { hint: "Tell whoever runs the registry." },
  );
}

function endedEarly(subject: string, received: number, size: number): TransientError {
  return new TransientError(`${subject} ended after ${received} of ${size} bytes`, {
    hint: "Try again. If it stays so, tell whoever runs the registry.",
  });
}

function tooLong(subject: string, size: number): CocoonError {
  return new CocoonError(
    "failed",
    `${subject} is longer than the ${size} bytes that its manifest says`,
    { hint: "Try again. If it stays so, tell whoever published the image." },
  );
}

/** Enough of a digest to recognise it. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}
