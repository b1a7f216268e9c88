import { CocoonError } from "../../errors/error.ts";
import type { Architecture } from "../../plugins/contract.ts";
import { addImage, type AddOptions, type SourceStream } from "../add.ts";
import { type AddedImage, commitImage, IMAGE_FOLDER, reuseStored } from "../commit.ts";
import type { ImageContext } from "../context.ts";
import type { Verified } from "../../state/images.ts";
import { normalizeExpected } from "../digests.ts";
import { unverified } from "../named.ts";
import { explainFullDisk } from "../disk/space.ts";
import { layerFileName } from "../../state/direct_image.ts";
import type { DirectLayer } from "../../state/images.ts";
import { distinctLayers, makeDirect } from "./direct.ts";
import { linkKnownLayers } from "./known_layers.ts";
import { Staging } from "../staging.ts";
import { OCI_ARCHITECTURES } from "./architectures.ts";
import { RegistryClient } from "./client/client.ts";
import type { RegistryLimits } from "./client/limits.ts";
import { formatOciReference, isLoopback, type OciReference } from "./client/reference.ts";
import { containerDiskChunks, findContainerDisk } from "./container_disk.ts";
import { checkConfig, type OciKind, recognise, requirePlatform } from "./kinds.ts";
import { fetchLayers } from "./layer_files.ts";
import { resolveManifest } from "./resolve.ts";

/** How an image is pulled from a registry. */
export interface OciPullOptions extends AddOptions {
  /** Allows a registry without TLS on another computer. */
  plainHttp?: boolean | undefined;
  /** @default {this computer's} */
  architecture?: Architecture | undefined;
  /** Refuses an image that nobody vouches for. */
  requireVerified?: boolean | undefined;
  /** Deadlines and repetition. */
  limits?: Partial<RegistryLimits> | undefined;
}

/** Configurations of container images; real ones have some 10 KiB. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * Stores what a reference to a registry means, for one architecture. The image's identity is the
 * digest of its manifest, which vouches for everything in it.
 *
 * @throws {CocoonError} `not-found`, or `failed`; the store is then as it was
 */
export async function pullOci(
  ctx: ImageContext,
  reference: OciReference,
  options: OciPullOptions,
): Promise<AddedImage> {
  const pinned = pin(reference, options);
  const client = new RegistryClient(pinned, {
    host: ctx.host,
    plainHttp: options.plainHttp,
    limits: options.limits,
    signal: options.signal,
  });
  const architecture = options.architecture ?? ctx.host.architecture;
  const resolved = await resolveManifest(client, pinned, { architecture, hostOs: ctx.host.os });
  const verified = verification(pinned, options);
  if (verified === "none" && options.requireVerified) throw unverified();
  const { digest } = resolved;
  const known = ctx.store.images.get(digest)?.architecture;
  if (known !== undefined) {
    requirePlatform({ os: "linux", architecture: OCI_ARCHITECTURES[known] }, architecture);
  }
  const stored = await reuseStored(ctx, digest, verified, options.tag, options.signal);
  if (stored !== undefined) return stored;
  const origin = { source: formatOciReference(reference), identity: { digest, verified } };
  const kind = recognise(resolved.manifest);
  if (kind.kind === "disk") {
    const { layer } = kind;
    const stream = {
      ...origin,
      chunks: client.blob(layer),
      phase: "download" as const,
      totalBytes: layer.size,
    };
    return await addImage(ctx, stream, addOptions(options, resolved.architecture));
  }
  return await pullContainer(ctx, client, kind, origin, options);
}

/** `--sha256` is the digest of the manifest, as `@sha256:` in the reference is. */
function pin(reference: OciReference, options: OciPullOptions): OciReference {
  const { sha256, sha512 } = normalizeExpected(options);
  if (sha512 !== undefined) {
    throw new CocoonError("usage", "images in registries are known by their sha256", {
      hint: "Give --sha256, or the digest in the reference: NAME@sha256:HEX",
    });
  }
  if (sha256 === undefined) return reference;
  const digest = `sha256:${sha256}`;
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new CocoonError("usage", `--sha256 is not the digest in the reference`);
  }
  return { ...reference, digest };
}

/** What vouches for the content: a digest that the user gave, or a registry that TLS identifies. */
function verification(reference: OciReference, { plainHttp }: OciPullOptions): Verified {
  if (reference.digest !== undefined) return "sha256";
  return plainHttp && !isLoopback(reference.registry) ? "none" : "registry";
}

/** The digests were those of the manifest, not of the disk. */
function addOptions(
  { tag, signal, onProgress }: OciPullOptions,
  architecture: Architecture | undefined,
): AddOptions {
  return { tag, signal, onProgress, facts: architecture && { architecture } };
}

/** Where an image comes from. */
interface Origin {
  source: string;
  identity: NonNullable<SourceStream["identity"]>;
}

async function pullContainer(
  ctx: ImageContext,
  client: RegistryClient,
  { config, layers }: Extract<OciKind, { kind: "container" }>,
  origin: Origin,
  options: OciPullOptions,
): Promise<AddedImage> {
  const architecture = options.architecture ?? ctx.host.architecture;
  checkConfig(await client.smallBlob(config, MAX_CONFIG_BYTES), architecture);
  await using staging = await Staging.open(ctx.home, options.signal);
  const folder = staging.path(IMAGE_FOLDER);
  await Deno.mkdir(folder);
  const distinct = distinctLayers(layers);
  const digests = distinct.map(({ digest }) => digest);
  const known = await linkKnownLayers(ctx, digests, folder, options.signal);
  const files = await fetchLayers(client, distinct.filter(({ digest }) => !known.has(digest)), {
    directory: staging.directory,
    onBytes: (doneBytes, totalBytes) =>
      options.onProgress?.({ phase: "download", doneBytes, totalBytes }),
    signal: options.signal,
  });
  const disk = known.size === 0 ? await findContainerDisk(files) : undefined;
  const added = addOptions(options, architecture);
  if (disk !== undefined) {
    const stream = {
      ...origin,
      chunks: containerDiskChunks(disk),
      phase: "hash" as const,
      packedBytes: disk.descriptor.size,
    };
    return await addImage(ctx, stream, added);
  }
  const made = await makeDirect(ctx, { layers: distinct, known, files, folder }, options)
    .catch((error) => {
      throw explainFullDisk(error, staging.directory);
    });
  return await commitDirect(ctx, staging, made, origin, added);
}

async function commitDirect(
  ctx: ImageContext,
  staging: Staging,
  layers: DirectLayer[],
  { source, identity }: Origin,
  { tag, signal, facts }: AddOptions,
): Promise<AddedImage> {
  const folder = staging.path(IMAGE_FOLDER);
  const sizes = layers.map(({ digest }) =>
    Deno.statSync(`${folder}/${layerFileName(digest, "erofs")}`).size
  );
  const image = {
    ...facts,
    ...identity,
    kind: "direct" as const,
    layers,
    diskDigest: identity.digest,
    virtualBytes: sizes.reduce((sum, size) => sum + size, 0),
    sourceFormat: "layers" as const,
    source,
  };
  return await commitImage(ctx, staging, image, tag, signal);
}
