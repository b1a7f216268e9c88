import type { Architecture } from "../../plugins/contract.ts";

/** Go's names of our architectures, which registries use. */
export const OCI_ARCHITECTURES: Readonly<Record<Architecture, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
};
