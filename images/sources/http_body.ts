import { within } from "./deadline.ts";
import { TransientError } from "./http_errors.ts";

/** Length of the body in bytes; undefined when the server does not say, or compresses it. */
export function contentLength(headers: Headers): number | undefined {
  // A server that compresses although it was asked not to counts the compressed bytes.
  if (isEncoded(headers)) return undefined;
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether the body is not the file itself but packed on the way, so that ranges mean nothing. */
export function isEncoded(headers: Headers): boolean {
  return (headers.get("content-encoding") ?? "identity") !== "identity";
}

/** Options of {@linkcode readBody}. */
export interface BodyOptions {
  /** Bytes that must come; undefined: whatever comes. */
  totalBytes: number | undefined;
  /** Milliseconds without a single byte. */
  idleTimeoutMs: number;
  /** Ends the connection; aborted when the server stalls. */
  abort: AbortController;
}

const HINT = "Try again; a download that was begun goes on where it ended, if the server can.";

/**
 * The pieces of a body. Ending the iteration early ends the connection.
 * @throws {TransientError} when it breaks off, stalls or is not as long as was said
 */
export async function* readBody(
  response: Response,
  { totalBytes, idleTimeoutMs, abort }: BodyOptions,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  let received = 0;
  const of = () =>
    totalBytes === undefined ? `${received} bytes` : `${received} of ${totalBytes} bytes`;
  const broken = (cause?: unknown) =>
    new TransientError(`the download broke off after ${of()}`, { cause, hint: HINT });
  try {
    while (reader !== undefined) {
      const late = new TransientError(
        `the download stalled after ${of()}: nothing came for ${idleTimeoutMs} ms`,
        { hint: HINT },
      );
      const { done: ended, value } = await within(
        idleTimeoutMs,
        abort,
        late,
        () => reader.read().catch((error) => Promise.reject(broken(error))),
      );
      if (ended) break;
      received += value.length;
      yield value;
    }
    if (totalBytes !== undefined && received !== totalBytes) throw broken();
  } finally {
    await reader?.cancel().catch(() => {});
  }
}
