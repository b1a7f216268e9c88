import { CocoonError } from "../../../errors/error.ts";
import type { Hash } from "node:crypto";

/** Compares content with the digest that was promised, while it passes. */
export class DigestCheck {
  readonly #expected: string;
  readonly #algorithm: string;
  readonly #hash: Hash;

  private constructor(expected: string, algorithm: string, hash: Hash) {
    this.#expected = expected;
    this.#algorithm = algorithm;
    this.#hash = hash;
  }

  /** @param expected `sha256:HEX` or `sha512:HEX` */
  static async create(expected: string): Promise<DigestCheck> {
    const { createHash } = await import("node:crypto");
    const algorithm = expected.slice(0, expected.indexOf(":"));
    return new DigestCheck(expected, algorithm, createHash(algorithm));
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws {CocoonError} `failed` when what has passed is something else */
  finish(subject: string): void {
    const actual = `${this.#algorithm}:${this.#hash.digest("hex")}`;
    if (actual !== this.#expected) {
      throw new CocoonError(
        "failed",
        `${subject}: checksum mismatch (expected ${this.#expected}, got ${actual}). ` +
          "What was received was discarded",
        { hint: "Try again. If it stays so, the registry or a proxy before it is damaged." },
      );
    }
  }
}

/** Digest of bytes in memory, `sha256:HEX`. */
export async function sha256Digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}
