import { CocoonError } from "../../../errors/error.ts";
import type { Index, IndexEntry, Platform } from "./manifest.ts";

/** Other spellings in use: podman's machine images have the kernel's. */
const ALIASES: Readonly<Record<string, string>> = { aarch64: "arm64", x86_64: "amd64" };

/** Whether a manifest for `offered` runs on `wanted`. */
export function matchesPlatform(offered: Platform, wanted: Platform): boolean {
  const architecture = (name: string) => ALIASES[name] ?? name;
  return offered.os === wanted.os &&
    architecture(offered.architecture) === architecture(wanted.architecture) &&
    // 64-bit ARM has one variant that everybody means and few name; x86-64-v3 would be a demand.
    (offered.variant === undefined || offered.variant === "v8" || offered.variant === "v1");
}

/**
 * The entries of an index for a platform, in their order; at least one.
 * @throws {CocoonError} `not-found`, with the platforms that there are
 */
export function entriesFor(index: Index, wanted: Platform): IndexEntry[] {
  const found = index.manifests.filter(({ platform }) =>
    platform !== undefined && matchesPlatform(platform, wanted)
  );
  if (found.length > 0) return found;
  // An index of artifacts need not name platforms: one entry is no choice.
  const [only, ...others] = index.manifests;
  if (only !== undefined && others.length === 0 && only.platform === undefined) return [only];
  throw new CocoonError("not-found", `it is not there for ${describePlatform(wanted)}`, {
    hint: `It is there for: ${offers(index)}`,
  });
}

/** `linux/arm64/v8` */
export function describePlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join("/");
}

function offers(index: Index): string {
  const names = index.manifests.map(({ platform }) => platform)
    // Attestations are entries of no platform.
    .filter((platform) => platform !== undefined && platform.os !== "unknown")
    .map((platform) => platform === undefined ? "" : describePlatform(platform));
  return [...new Set(names)].join(", ") || "no platform at all";
}
