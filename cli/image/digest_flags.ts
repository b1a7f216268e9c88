/** The flags by which a user vouches for the content of an image. */
import type { FlagParametersForType } from "@stricli/core";
import { textFlag } from "../arguments.ts";
import type { Frame } from "../command.ts";

/** Values of {@linkcode DIGEST_FLAGS}. */
export interface DigestFlags {
  sha256?: string;
  sha512?: string;
}

/** `--sha256` and `--sha512`. */
export const DIGEST_FLAGS: FlagParametersForType<DigestFlags, Frame> = {
  sha256: textFlag("Digest that the file must have", "HEX"),
  sha512: textFlag("Digest that the file must have", "HEX"),
};

/** Those of the digests that were given. */
export function givenDigests({ sha256, sha512 }: DigestFlags): DigestFlags {
  return {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sha512 === undefined ? {} : { sha512 }),
  };
}
