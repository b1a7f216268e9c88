import { CocoonError } from "../../errors/error.ts";
import type { Architecture } from "../../plugins/contract.ts";
import type { Verified } from "../../state/images.ts";
import type { AddOptions } from "../add.ts";
import { type AddedImage, reuseStored } from "../commit.ts";
import type { ImageContext } from "../context.ts";
import { normalizeExpected } from "../digests.ts";
import type { DownloadLimits } from "../downloads/limits.ts";
import { OCI_ARCHITECTURES } from "./architectures.ts";
import { RegistryClient } from "./client/client.ts";
import type { RegistryLimits } from "./client/limits.ts";
import { formatOciReference, isLoopback, type OciReference } from "./client/reference.ts";
import { recognise, requirePlatform } from "./kinds.ts";
import { pullContainer } from "./pull_container.ts";
import { pullDisk } from "./pull_disk.ts";
import type { RegistryImage } from "./registry_image.ts";
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
  /** Of the blobs' downloads, where they are others. */
  http?: DownloadLimits | undefined;
}

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
  if (verified === "none" && options.requireVerified) throw unverified(pinned);
  const { digest } = resolved;
  const known = ctx.store.images.get(digest)?.architecture;
  if (known !== undefined) {
    requirePlatform({ os: "linux", architecture: OCI_ARCHITECTURES[known] }, architecture);
  }
  const { tag, signal } = options;
  const findStored = () => reuseStored(ctx, digest, verified, tag, signal);
  const stored = await findStored();
  if (stored !== undefined) return stored;
  const image: RegistryImage = {
    client,
    source: formatOciReference(reference),
    blobSource: formatOciReference({
      registry: reference.registry,
      repository: reference.repository,
      digest,
    }),
    digest,
    verified,
    findStored,
  };
  const kind = recognise(resolved.manifest);
  return kind.kind === "disk"
    ? await pullDisk(ctx, image, kind.layer, { ...options, architecture: resolved.architecture })
    : await pullContainer(ctx, image, kind, { ...options, architecture });
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

/** The error for an image that came from another computer without TLS. */
function unverified({ registry, repository }: OciReference): CocoonError {
  const pinned = formatOciReference({ registry, repository, digest: "sha256:HEX" });
  return new CocoonError("failed", `nobody vouches for it: ${registry} was asked without TLS`, {
    hint: `Give the digest that its publisher says (${pinned}), or pass ` +
      "--insecure-unverified to trust it blindly.",
  });
}
