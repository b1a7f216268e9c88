import type { ImageKeyTable, ImageSourceTable } from "../../config/types.ts";
import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import { publicSource } from "../reference.ts";
import { readSmallFile, type SmallFileOptions } from "../sources/small_file.ts";
import { belongsTo, findDigest, type PublishedDigest } from "./checksum_file.ts";
import { isVerifiedConnection } from "./connection.ts";
import { type PinnedKey, signatureProgram, verifySignature } from "./signature.ts";

/** Who vouches for an image, when it is its publisher. */
export interface Voucher {
  /**
   * `checksum`: the file of digests is believed because of where it was fetched from; `none`: it
   * came unsigned over a connection on which anybody may have written it.
   */
  by: "checksum" | "signature" | "none";
  /** URL of that file, as it may be shown and stored. */
  checksum: string;
  /** Fingerprint of the key that signed it. */
  key?: string;
}

/** What a publisher says of an image now. */
export interface PublishedImage {
  digest: PublishedDigest;
  voucher: Voucher;
}

/** Options of {@linkcode askPublisher}. */
export interface PublisherOptions extends SmallFileOptions {
  /** Called when less was verified than the publisher offers. */
  onWarning?: ((message: string) => void) | undefined;
  /** True: a signature that cannot be had is a warning. One that is wrong never is. */
  lenient?: boolean | undefined;
}

/**
 * Fetches the checksum file of an image, checks its signature with the pinned keys if it has one
 * and GnuPG is there, and looks the image up in it.
 * @throws {CocoonError} when the file, its signature or the keys cannot be had, the signature does
 * not hold, or the image is not in the file
 */
export async function askPublisher(
  host: Pick<Host, "which" | "run">,
  source: ImageSourceTable & { checksum: string },
  keys: readonly ImageKeyTable[],
  options: PublisherOptions = {},
): Promise<PublishedImage> {
  const { checksum } = source;
  const image = new URL(source.source);
  const fetched = await readSmallFile(checksum, options);
  const signed = await checkSignature(host, { ...source, content: fetched }, keys, options);
  const text = new TextDecoder().decode(signed?.content ?? fetched);
  const shown = publicSource(checksum);
  const fileName = decodeURIComponent(image.pathname.slice(image.pathname.lastIndexOf("/") + 1));
  return {
    digest: findDigest(text, fileName, belongsTo(new URL(checksum), image)),
    voucher: signed === undefined
      ? { by: isVerifiedConnection(new URL(checksum)) ? "checksum" : "none", checksum: shown }
      : { by: "signature", checksum: shown, key: signed.fingerprint },
  };
}

/** The signed content; undefined when nobody has signed it, or it cannot be checked here. */
async function checkSignature(
  host: Pick<Host, "which" | "run">,
  file: { checksum: string; signature?: string; content: Uint8Array },
  keys: readonly ImageKeyTable[],
  options: PublisherOptions,
): Promise<{ fingerprint: string; content: Uint8Array } | undefined> {
  const { signature: address } = file;
  const shown = publicSource(file.checksum);
  if (address === undefined) return undefined;
  if (keys.length === 0) {
    throw new CocoonError("usage", "its checksum file is signed, but no key is known for it", {
      hint: "Add the publisher's key to `keys` of its table in the configuration.",
    });
  }
  if (signatureProgram(host) === undefined) {
    options.onWarning?.(
      `${shown}: its signature was not checked, because neither gpgv nor gpg is installed`,
    );
    return undefined;
  }
  let signature: Uint8Array | undefined;
  let pinned: PinnedKey[];
  try {
    signature = address === "clearsigned" ? undefined : await readSmallFile(address, options);
    pinned = await readKeys(keys, options);
  } catch (error) {
    if (!options.lenient || options.signal?.aborted) throw error;
    options.onWarning?.(`its signature was not checked: ${messageOf(error)}`);
    return undefined;
  }
  try {
    return await verifySignature(host, { content: file.content, signature }, pinned);
  } catch (cause) {
    if (!(cause instanceof CocoonError)) throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new CocoonError(cause.code, `${shown}: ${cause.message}`, { cause, ...hint });
  }
}

/** The keys that can be had; one is enough, because one has signed. */
async function readKeys(
  keys: readonly ImageKeyTable[],
  options: SmallFileOptions,
): Promise<PinnedKey[]> {
  const pinned: PinnedKey[] = [];
  let failure: unknown;
  for (const { fingerprint, source } of keys) {
    try {
      pinned.push({ fingerprint, key: await readSmallFile(source, options) });
    } catch (error) {
      options.signal?.throwIfAborted();
      failure ??= error;
    }
  }
  if (pinned.length === 0) throw failure;
  return pinned;
}
