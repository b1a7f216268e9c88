/** Writes to a repository of a registry (distribution specification 1.1, "Pushing manifests"). */
import { CocoonError } from "../../../errors/error.ts";
import { pause } from "../../sources/deadline.ts";
import { TransientError } from "../../sources/http_errors.ts";
import type { Answer, RequestBody } from "./exchange.ts";
import { retryDelayMs } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** A blob to be sent. */
export interface NewBlob {
  digest: string;
  /** All of it; called once for each try. */
  body: () => RequestBody;
}

/**
 * Sends a blob, unless the registry has it; begins anew where the network fails.
 * @returns whether it had to be sent
 * @throws {CocoonError} `failed`
 */
export async function uploadBlob(transport: Transport, blob: NewBlob): Promise<boolean> {
  if (await hasBlob(transport, blob)) return false;
  await sendBlob(transport, blob);
  return true;
}

async function hasBlob(transport: Transport, { digest }: NewBlob): Promise<boolean> {
  const target = `blobs/${digest}`;
  const known = await transport.send({ method: "HEAD", target, expect: [200, 404] });
  await known.discard();
  return known.status === 200;
}

/**
 * Sends a blob, also one that the registry has: only that shows that it takes one from this user.
 * @throws {CocoonError} `failed`
 */
export async function sendBlob(transport: Transport, blob: NewBlob): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await sendOnce(transport, blob);
    } catch (error) {
      if (attempt >= transport.limits.attempts || !(error instanceof TransientError)) throw error;
      await pause(retryDelayMs(attempt + 1, transport.limits), transport.signal);
    }
  }
}

/** As Docker does it: one stream, then its digest; the way that every registry knows. */
async function sendOnce(transport: Transport, { digest, body }: NewBlob): Promise<void> {
  const begun = await transport.send({
    method: "POST",
    target: "blobs/uploads/",
    expect: [202],
  });
  const sent = await transport.send({
    method: "PATCH",
    target: await locationOf(begun),
    headers: { "content-type": "application/octet-stream" },
    body,
    expect: [202],
    once: true,
  });
  const end = await locationOf(sent);
  end.searchParams.set("digest", digest);
  const done = await transport.send({ method: "PUT", target: end, expect: [201], once: true });
  await done.discard();
}

async function locationOf(answer: Answer): Promise<URL> {
  await answer.discard();
  const location = answer.headers.get("location");
  const url = location !== null && URL.canParse(location, answer.url)
    ? new URL(location, answer.url)
    : undefined;
  // What is sent, and by whom, is for this registry; it keeps its blobs where it likes itself.
  if (url === undefined || url.origin !== answer.url.origin) {
    throw new CocoonError("failed", `${answer.url.host} tells no place for an upload of its own`, {
      hint: "Tell whoever runs the registry.",
    });
  }
  return url;
}

/** Stores a manifest under a tag. All that it names must be there. */
export async function uploadManifest(
  transport: Transport,
  tag: string,
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const answer = await transport.send({
    method: "PUT",
    target: `manifests/${tag}`,
    headers: { "content-type": mediaType },
    body: () => bytes,
    expect: [200, 201, 202],
  });
  await answer.discard();
}
