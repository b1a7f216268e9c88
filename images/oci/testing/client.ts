/** A client of a registry that gives up soon, for tests. */
import { realHost } from "../../../host/host.ts";
import { openHome } from "../../../state/home.ts";
import { PartialDownload } from "../../downloads/partial.ts";
import { downloadLimits, fetchBlob } from "../blobs.ts";
import { RegistryClient } from "../client/client.ts";
import { sha256Digest } from "../client/hasher.ts";
import type { Descriptor } from "../client/manifest.ts";
import { parseOciReference } from "../client/reference.ts";
import type { TransportOptions } from "../client/transport.ts";

/** Limits under which a test need not wait. */
export const QUICK = { attempts: 3, firstDelayMs: 1, responseTimeoutMs: 2000, idleTimeoutMs: 2000 };
const NO_CONFIG = { ...realHost(), env: () => undefined };
/** What a blob may hold. */
export const BYTES = crypto.getRandomValues(new Uint8Array(50_000));

/** A client of the repository `team/x`, without any login. */
export function clientOf(host: string, options: Partial<TransportOptions> = {}): RegistryClient {
  const reference = parseOciReference(`${host}/team/x`);
  return new RegistryClient(reference, { host: NO_CONFIG, limits: QUICK, ...options });
}

/** Downloads a blob to a place of its own. */
export async function blobOf(
  client: RegistryClient,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const root = await Deno.makeTempDir({ prefix: "cb-" });
  try {
    using place = await PartialDownload.open(openHome(root), descriptor.digest);
    const limits = downloadLimits(client.transport.limits, undefined);
    await fetchBlob(client.blob(descriptor, "test"), descriptor, place, { limits, signal });
    return await Deno.readFile(place.dataPath);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** As a manifest describes bytes. */
export async function descriptorOf(bytes: Uint8Array<ArrayBuffer>): Promise<Descriptor> {
  const digest = await sha256Digest(bytes);
  return { mediaType: "application/octet-stream", digest, size: bytes.length, annotations: {} };
}
