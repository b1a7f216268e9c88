import { CocoonError } from "../../../errors/error.ts";
import type { RemoteFile } from "../../downloads/remote_file.ts";
import { contentLength } from "../../sources/http_body.ts";
import { TransientError } from "../../sources/http_errors.ts";
import type { Answer } from "./exchange.ts";
import type { Descriptor } from "./manifest.ts";
import type { Transport } from "./transport.ts";

/**
 * A blob of a registry, as downloads ask for it. Nothing here looks at the digest: whoever has
 * fetched it compares that of the whole.
 * @param source what the download's journal says for people
 */
export function blobFile(
  transport: Transport,
  { digest, size }: Descriptor,
  source: string,
): RemoteFile {
  return {
    source,
    isFixed: true,
    async open(signal, { headers = {}, statuses = [200] } = {}) {
      const answer = await transport.send({
        target: `blobs/${digest}`,
        headers,
        expect: statuses,
        signal,
        // The download has its own patience, and knows what has come already.
        once: true,
      });
      const length = contentLength(answer.headers);
      if (answer.status === 200 && length !== undefined && length !== size) {
        await answer.discard();
        throw new CocoonError(
          "failed",
          `blob ${shortDigest(digest)} has ${length} bytes, but ${size} by its manifest`,
          { hint: "Tell whoever runs the registry." },
        );
      }
      // Its manifest tells the length where the registry does not.
      const totalBytes = answer.status === 200 ? size : length;
      return {
        status: answer.status,
        headers: answer.headers,
        totalBytes,
        chunks: chunksOf(answer, totalBytes),
        [Symbol.asyncDispose]: () => answer.discard(),
      };
    },
  };
}

async function* chunksOf(
  answer: Answer,
  totalBytes: number | undefined,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for (let piece; (piece = await answer.read()) !== undefined;) {
    received += piece.length;
    yield piece;
  }
  if (totalBytes === undefined || received === totalBytes) return;
  throw new TransientError(
    `the transfer from ${answer.url.host} ended after ${received} of ${totalBytes} bytes`,
    { hint: "Try again. If it stays so, tell whoever runs the registry." },
  );
}

/** Enough of a digest to recognise it. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}
