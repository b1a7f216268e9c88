import type { Hash } from "node:crypto";
import { CocoonError } from "../errors/error.ts";

/** Digests that the user says the source has; hexadecimal, with or without `sha256:` in front. */
export interface ExpectedDigests {
  sha256?: string | undefined;
  sha512?: string | undefined;
}

/** Digests of what was read, lower-case hexadecimal. */
export interface SourceDigests {
  sha256: string;
  sha512?: string;
}

const HEX_DIGITS = { sha256: 64, sha512: 128 } as const;

/**
 * The digests in lower case and without prefix.
 * @throws {CocoonError} `usage` for one that is none
 */
export function normalizeExpected(expected: ExpectedDigests): Partial<SourceDigests> {
  const normal: Partial<SourceDigests> = {};
  for (const name of ["sha256", "sha512"] as const) {
    const given = expected[name];
    if (given === undefined) continue;
    const hex = given.trim().toLowerCase().replace(new RegExp(`^${name}:`), "");
    if (!new RegExp(`^[0-9a-f]{${HEX_DIGITS[name]}}$`).test(hex)) {
      throw new CocoonError("usage", `${JSON.stringify(given)} is no ${name} digest`, {
        hint: `A ${name} digest has ${HEX_DIGITS[name]} hexadecimal digits.`,
      });
    }
    normal[name] = hex;
  }
  return normal;
}

/**
 * Which of the expected digests vouches for the source.
 * @param discarded what the error says of what was read
 * @param checksumFile URL of the publisher's file that the digests are from, if they are
 * @throws {CocoonError} `failed` when one is not what was read
 */
export function checkDigests(
  expected: Partial<SourceDigests>,
  actual: SourceDigests,
  discarded = "The download was discarded",
  checksumFile?: string,
): "sha256" | "sha512" | "none" {
  for (const name of ["sha512", "sha256"] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && wanted !== actual[name]) {
      throw mismatch(`${name} ${wanted}`, actual[name], discarded, checksumFile, name);
    }
  }
  if (expected.sha512 !== undefined) return "sha512";
  return expected.sha256 !== undefined ? "sha256" : "none";
}

function mismatch(
  wanted: string,
  actual: string | undefined,
  discarded: string,
  checksumFile: string | undefined,
  flag: string,
): CocoonError {
  if (checksumFile === undefined) {
    return new CocoonError(
      "failed",
      `checksum mismatch (expected ${wanted}, got ${actual}). ${discarded}`,
      { hint: `Try again, or pass the right digest with --${flag}.` },
    );
  }
  // No way round it is offered: this is what the checksum file is there for.
  return new CocoonError(
    "failed",
    `checksum mismatch (${checksumFile} of its publisher has ${wanted}, got ${actual}). ` +
      discarded,
    {
      hint: "Its publisher may just be replacing it: for some minutes the image and its checksum " +
        "file then do not belong together. Try again later. If it stays so, the server or a " +
        "proxy before it gives another file.",
    },
  );
}

/** Computes the digests of a source while it passes. */
export class SourceHasher {
  readonly #sha256: Hash;
  readonly #sha512: Hash | undefined;

  private constructor(sha256: Hash, sha512: Hash | undefined) {
    this.#sha256 = sha256;
    this.#sha512 = sha512;
  }

  /** SHA-512 costs three times as much as SHA-256 and is computed only for who expects one. */
  static async create(expected: Partial<SourceDigests>): Promise<SourceHasher> {
    const { createHash } = await import("node:crypto");
    const sha512 = expected.sha512 === undefined ? undefined : createHash("sha512");
    return new SourceHasher(createHash("sha256"), sha512);
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#sha512?.update(bytes);
  }

  digests(): SourceDigests {
    const sha256 = this.#sha256.digest("hex");
    return this.#sha512 === undefined ? { sha256 } : { sha256, sha512: this.#sha512.digest("hex") };
  }
}
