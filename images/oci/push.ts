import { CocoonError } from "../../errors/error.ts";
import { reuseStored } from "../commit.ts";
import { diskPath, type ImageContext, type ProgressCallback } from "../context.ts";
import { explainFullDisk } from "../disk/space.ts";
import { explain } from "../explain.ts";
import { requireStored } from "../lookup.ts";
import { Staging } from "../staging.ts";
import { sha256Digest } from "./client/hasher.ts";
import type { RegistryLimits } from "./client/limits.ts";
import { MANIFEST_TYPES } from "./client/manifest.ts";
import {
  formatOciReference,
  looksLikeOci,
  type OciReference,
  parseOciReference,
} from "./client/reference.ts";
import { Transport } from "./client/transport.ts";
import { sendBlob, uploadBlob, uploadManifest } from "./client/upload.ts";
import { DISK_ARTIFACT_TYPE, DISK_LAYER_TYPES, EMPTY_CONFIG_TYPE, TITLE } from "./media_types.ts";
import { packDisk, type PackedDisk } from "./pack_disk.ts";

/** How an image is published. */
export interface PushOptions {
  /** Allows a registry without TLS on another computer. */
  plainHttp?: boolean | undefined;
  /** Deadlines and repetition. */
  limits?: Partial<RegistryLimits> | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressCallback | undefined;
}

/** What was published. */
export interface PushedImage {
  /** `HOST/NAME:TAG@sha256:HEX`: what others pull, and cannot be given something else for. */
  reference: string;
  /** `sha256:HEX` of the manifest. */
  digest: string;
  /** Bytes of the packed disk. */
  bytes: number;
}

const EMPTY = new TextEncoder().encode("{}");

/**
 * Publishes a stored image as an artifact of one disk (raw, zstd). The same image gives the same
 * layer; a registry that has it is not sent it again.
 *
 * @param name tag or digest of a stored image
 * @param target where to: `[oci:]HOST/NAME[:TAG]`
 * @throws {CocoonError} `not-found`, `usage` or `failed`; the tag in the registry is then as it was
 */
export async function pushImage(
  ctx: ImageContext,
  name: string,
  target: string,
  options: PushOptions = {},
): Promise<PushedImage> {
  const reference = parseTarget(target);
  const { tag, digest: pinned } = reference;
  if (tag === undefined || pinned !== undefined) {
    throw new CocoonError("usage", `${target}: what is published gets a tag, its digest it has`, {
      hint: "Leave out @ and what follows it.",
    });
  }
  const image = requireStored(ctx, name);
  if (image.kind === "direct") {
    throw new CocoonError("usage", `image "${name}": it is made of layers and not of one disk`, {
      hint: `Copy it from where it came from: skopeo copy docker://${image.source} docker://...`,
    });
  }
  return await explain(name, async () => {
    const { signal, onProgress } = options;
    // Marks it as used: `gc` in another process then leaves it.
    if (await reuseStored(ctx, image.digest, "none", undefined, signal) === undefined) {
      throw new CocoonError("failed", "its disk has been deleted", {
        hint: "Pull or import it again.",
      });
    }
    const { plainHttp, limits } = options;
    const transport = new Transport(reference, {
      ...{ host: ctx.host, plainHttp, limits, signal },
      actions: "pull,push",
    });
    // First, although it is the smaller part: a registry that refuses it is not worth the packing.
    await sendBlob(transport, { digest: await sha256Digest(EMPTY), body: () => EMPTY });
    await using staging = await Staging.open(ctx.home, signal);
    const packed = await packDisk(diskPath(ctx.home, image.digest), staging.path("layer"), {
      signal,
      onProgress: (doneBytes, totalBytes) => onProgress?.({ phase: "pack", doneBytes, totalBytes }),
    }).catch((error) => {
      throw explainFullDisk(error, staging.directory);
    });
    const manifest = await manifestOf(reference, packed, image.createdAt);
    await uploadBlob(transport, {
      digest: packed.digest,
      body: () =>
        packed.stream((doneBytes) =>
          onProgress?.({ phase: "upload", doneBytes, totalBytes: packed.bytes })
        ),
    });
    // Last: whoever pulls the tag meanwhile gets the old image, whole.
    await uploadManifest(transport, tag, MANIFEST_TYPES[0], manifest);
    const digest = await sha256Digest(manifest);
    return {
      reference: formatOciReference({ ...reference, digest }),
      digest,
      bytes: packed.bytes,
    };
  });
}

/** As with pulls, a name alone is no registry's: nothing goes to Docker Hub by mistake. */
function parseTarget(target: string): OciReference {
  if (looksLikeOci(target)) return parseOciReference(target);
  const name = target.includes("/") ? target : `USER/${target}`;
  throw new CocoonError("usage", `${JSON.stringify(target)} names no registry`, {
    hint: `Put its host in front, such as ghcr.io/${name}; for Docker Hub: oci:${name}`,
  });
}

async function manifestOf(
  { repository }: OciReference,
  packed: PackedDisk,
  createdAt: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const title = `${repository.slice(repository.lastIndexOf("/") + 1)}.raw.zst`;
  return new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPES[0],
    artifactType: DISK_ARTIFACT_TYPE,
    config: {
      mediaType: EMPTY_CONFIG_TYPE,
      digest: await sha256Digest(EMPTY),
      size: EMPTY.length,
    },
    layers: [{
      mediaType: DISK_LAYER_TYPES["raw+zstd"],
      digest: packed.digest,
      size: packed.bytes,
      annotations: { [TITLE]: title },
    }],
    annotations: { "org.opencontainers.image.created": createdAt },
  }));
}
