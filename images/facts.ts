import type { ImageFacts } from "../state/images.ts";
import type { Voucher } from "./verification/publisher.ts";

/** What is known of an image by where it comes from. */
export type OriginFacts = Pick<
  ImageFacts,
  "validators" | "catalogueName" | "architecture" | "minimumDiskBytes"
>;

/** What is known of an image beside its bytes. */
export interface Origin {
  /** Who gave the expected digests. @default {the user} */
  voucher?: Voucher | undefined;
  /** Noted with the image. */
  facts?: OriginFacts | undefined;
}

/**
 * What is noted with an image: who vouched for it, if it was not the user, and what is known.
 * @param sha512 of the source, where it was computed
 */
export function vouchedFacts({ voucher, facts }: Origin, sha512?: string): ImageFacts {
  const noted = { ...facts, ...(sha512 === undefined ? {} : { sourceSha512: sha512 }) };
  if (voucher === undefined) return noted;
  const { by, ...verifiedBy } = voucher;
  if (by === "none") return { ...noted, verified: by };
  return { ...noted, verified: by, verifiedBy };
}
