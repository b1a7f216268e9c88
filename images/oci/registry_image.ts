import type { Architecture } from "../../plugins/contract.ts";
import type { ImageFacts, Verified } from "../../state/images.ts";
import type { AddOptions } from "../add.ts";
import type { AddedImage } from "../commit.ts";
import type { DownloadLimits } from "../downloads/limits.ts";
import type { RegistryClient } from "./client/client.ts";

/** An image whose manifest has been fetched and checked, and is not stored. */
export interface RegistryImage {
  /** Of its repository. */
  client: RegistryClient;
  /** As the record shows it. */
  source: string;
  /** What the journals of its downloads say: `HOST/NAME@sha256:HEX` of its manifest. */
  blobSource: string;
  /** `sha256:HEX` of its manifest, the image's identity. */
  digest: string;
  verified: Verified;
  /** Looks whether another command has stored it meanwhile, and names it then. */
  findStored: () => Promise<AddedImage | undefined>;
}

/** How the parts of an image are fetched and stored; digests have been compared by the manifest. */
export interface StoreImageOptions extends Pick<AddOptions, "tag" | "signal" | "onProgress"> {
  architecture?: Architecture | undefined;
  http?: DownloadLimits | undefined;
}

/** What is noted with an image. */
export function factsOf({ architecture }: StoreImageOptions): ImageFacts {
  return architecture === undefined ? {} : { architecture };
}
