import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Host } from "../../plugins/contract.ts";
import { concatenate, keyPackets } from "./armor.ts";

/** What is to be verified. */
export interface SignedFile {
  content: Uint8Array;
  /** The signature; absent when `content` carries it itself (cleartext signature). */
  signature?: Uint8Array | undefined;
}

/** A public key and the fingerprint without which it is not believed. */
export interface PinnedKey {
  /** Of the primary key, upper case. */
  fingerprint: string;
  /** The key, armored or not. */
  key: Uint8Array;
}

/** A signature that holds. */
export interface GoodSignature {
  /** Of the primary key that made it. */
  fingerprint: string;
  /** What was signed; without the signature's frame. */
  content: Uint8Array;
}

type SignatureHost = Pick<Host, "which" | "run">;

/** GnuPG's programs that verify; the first that is there is taken. `gpgv` does nothing else. */
const PROGRAMS = ["gpgv", "gpg"] as const;
/** Arguments that keep `gpg` from its user's settings, keys, agents and questions. */
const ALONE = {
  gpgv: [],
  gpg: [
    "--no-options",
    "--no-autostart",
    "--no-default-keyring",
    "--no-auto-key-retrieve",
    "--batch",
    "--no-tty",
    "--trust-model",
    "always",
    "--verify",
  ],
} as const;
/** Verifying a file of some kilobytes takes milliseconds. */
const TIMEOUT_MS = 30_000;

/** The program that {@linkcode verifySignature} would use; undefined when there is none. */
export function signatureProgram(host: SignatureHost): typeof PROGRAMS[number] | undefined {
  return PROGRAMS.find((program) => host.which(program) !== undefined);
}

/**
 * Checks an OpenPGP signature with the pinned keys and no others: in a folder of its own, which is
 * removed afterwards, so that neither the user's keys nor their settings play a part.
 * @throws {CocoonError} `failed` when no pinned key has signed it, or one has but is expired or
 * revoked; `host-lacks` without GnuPG
 */
export async function verifySignature(
  host: SignatureHost,
  file: SignedFile,
  keys: readonly PinnedKey[],
): Promise<GoodSignature> {
  const program = signatureProgram(host);
  if (program === undefined) {
    throw new CocoonError("host-lacks", "neither gpgv nor gpg is installed", {
      hint: "Install GnuPG: apt install gpgv, dnf install gnupg2, or brew install gnupg.",
    });
  }
  const directory = await Deno.makeTempDir({ prefix: "cocoon-gpg-" });
  try {
    const keyring = join(directory, "keyring.gpg");
    const content = join(directory, "content");
    const signature = join(directory, "signature");
    const signed = join(directory, "signed");
    await Deno.writeFile(keyring, concatenate(keys.map(({ key }) => keyPackets(key))));
    await Deno.writeFile(content, file.content);
    if (file.signature !== undefined) await Deno.writeFile(signature, file.signature);
    const { stdout } = await host.run([
      program,
      "--homedir",
      directory,
      "--keyring",
      keyring,
      "--status-fd",
      "1",
      ...(file.signature === undefined ? ["--output", signed] : []),
      ...ALONE[program],
      ...(file.signature === undefined ? [content] : [signature, content]),
    ], { timeoutMs: TIMEOUT_MS });
    const fingerprint = readStatus(stdout, new Set(keys.map(({ fingerprint }) => fingerprint)));
    return {
      fingerprint,
      content: file.signature === undefined ? await Deno.readFile(signed) : file.content,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Words of GnuPG's status lines (its doc/DETAILS) for a signature that does not hold. */
const BAD: Readonly<Record<string, string>> = {
  BADSIG: "the signature is wrong: the file is not what was signed",
  EXPKEYSIG: "the key that signed it has expired",
  EXPSIG: "its signature has expired",
  REVKEYSIG: "the key that signed it has been revoked",
};

/**
 * The primary key of a good signature among the pinned ones. The exit status says less: it is a
 * failure also when a second signature is of a key that is not known.
 */
function readStatus(status: string, pinned: ReadonlySet<string>): string {
  const problems: string[] = [];
  let verdict = "";
  for (const line of status.split("\n")) {
    const [, word = "", ...fields] = line.trim().split(" ");
    if (word === "GOODSIG" || word === "ERRSIG" || word in BAD) verdict = word;
    if (word in BAD) problems.push(BAD[word] ?? "");
    // Its last field is the fingerprint of the primary key; it follows the verdict.
    const primary = fields.at(-1) ?? "";
    if (word === "VALIDSIG" && verdict === "GOODSIG" && pinned.has(primary)) return primary;
  }
  throw new CocoonError("failed", problems[0] ?? "none of the pinned keys has signed it", {
    hint: "The file may have been tampered with, or its publisher uses a new key. Compare the " +
      "key's fingerprint with what the publisher says before you trust it.",
  });
}
