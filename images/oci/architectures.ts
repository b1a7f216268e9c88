import type { Architecture } from "../../plugins/contract.ts";

/** Go's names of our architectures, which registries use. */
export const OCI_ARCHITECTURES: Readonly<Record<Architecture, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
};

/**
 * The name of a registry's image for an architecture: its reference in full, and one for other
 * computers than this one beside it (`…:1-aarch64`), as with the names of the catalogue.
 */
export function registryTag(source: string, wanted: Architecture, here: Architecture): string {
  return wanted === here ? source : `${source}-${wanted}`;
}

/** Whether a name is one that {@linkcode registryTag} gives an image for other computers. */
export function isForeignTag(name: string, source: string): boolean {
  return Object.keys(OCI_ARCHITECTURES).some((architecture) =>
    name === `${source}-${architecture}`
  );
}
