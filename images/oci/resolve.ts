import { CocoonError } from "../../errors/error.ts";
import type { Architecture } from "../../plugins/contract.ts";
import type { Fetched, RegistryClient } from "./client/client.ts";
import { sha256Digest } from "./client/hasher.ts";
import type { Manifest } from "./client/manifest.ts";
import { entriesFor } from "./client/platform.ts";
import type { OciReference } from "./client/reference.ts";
import { OCI_ARCHITECTURES } from "./architectures.ts";
import { chooseEntry } from "./kinds.ts";

/** A manifest for one platform. */
export interface ResolvedManifest {
  /** `sha256:HEX` of the manifest's bytes: the identity of the image. */
  digest: string;
  /** The architecture that an index has told; a manifest alone does not tell. */
  architecture?: Architecture;
  manifest: Manifest;
  bytes: Uint8Array<ArrayBuffer>;
}

/** An index of indexes is allowed by the specification; deeper ones exist in attacks only. */
const MAX_DEPTH = 3;

/**
 * Follows a reference to the manifest for a computer.
 * @throws {CocoonError} `not-found` when there is none for it
 */
export async function resolveManifest(
  client: RegistryClient,
  reference: OciReference,
  wanted: { architecture: Architecture; hostOs: "linux" | "darwin" },
): Promise<ResolvedManifest> {
  const platform = { os: "linux", architecture: OCI_ARCHITECTURES[wanted.architecture] };
  let next = reference.digest ?? reference.tag ?? "latest";
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const { content, bytes }: Fetched = await client.manifest(next);
    if (content.kind === "manifest") {
      const told = depth === 0 ? {} : { architecture: wanted.architecture };
      return { digest: await sha256Digest(bytes), manifest: content, bytes, ...told };
    }
    const entry = chooseEntry(entriesFor(content, platform), wanted.hostOs);
    if (entry === undefined) break;
    next = entry.digest;
  }
  throw new CocoonError("failed", `its index leads to no manifest in ${MAX_DEPTH} steps`, {
    hint: "Tell whoever published the image.",
  });
}
