import type { Catalogue, CatalogueEntry } from "./catalogue/catalogue.ts";
import type { TaggedImage } from "../state/images.ts";
import type { Architecture } from "../plugins/contract.ts";
import { CocoonError, messageOf } from "../errors/error.ts";
import type { AddOptions } from "./add.ts";
import type { OriginFacts } from "./facts.ts";
import type { ImageContext } from "./context.ts";
import { type ExpectedDigests, normalizeExpected } from "./digests.ts";
import { publicUrl } from "./reference.ts";
import type { DownloadLimits } from "./downloads/limits.ts";
import type { Voucher } from "./verification/publisher.ts";

/** What decides how an image that has a name is got. */
export interface NameOptions extends Pick<AddOptions, "sha256" | "sha512" | "signal"> {
  /** Names of images; without it, only what is stored has a name. */
  catalogue?: Catalogue | undefined;
  /** Of the machine that the image is for. @default {this computer's} */
  architecture?: Architecture | undefined;
  /** Refuses a URL that nobody vouches for; what is stored already is taken as it is. */
  requireVerified?: boolean | undefined;
  /** Called with what was not verified although it could have been. */
  onWarning?: ((message: string) => void) | undefined;
  /** Deadlines of requests. */
  http?: DownloadLimits;
}

/** What is expected of a download, and who says so. */
export interface Expectation extends ExpectedDigests {
  voucher?: Voucher;
  facts?: OriginFacts;
}

/** What is known of an image by its entry in the catalogue. */
export function entryFacts({ image, architecture }: CatalogueEntry): OriginFacts {
  const { name, minimumDiskBytes } = image;
  return {
    catalogueName: name,
    architecture,
    ...(minimumDiskBytes === undefined ? {} : { minimumDiskBytes }),
  };
}

/**
 * The digest that an image of the catalogue must have: the one given by hand, else that of its
 * table, else the one that its publisher says now.
 */
export async function expectationOf(
  ctx: ImageContext,
  entry: CatalogueEntry,
  options: NameOptions,
): Promise<Expectation> {
  const facts = entryFacts(entry);
  const given = normalizeExpected(options);
  if (given.sha256 !== undefined || given.sha512 !== undefined) return { ...given, facts };
  const { sha256, checksum } = entry.source;
  if (sha256 !== undefined) return { sha256, facts };
  if (checksum === undefined) return { facts };
  const { askPublisher } = await import("./verification/publisher.ts");
  const lenient = !options.requireVerified;
  try {
    const { digest, voucher } = await askPublisher(
      ctx.host,
      { ...entry.source, checksum },
      entry.image.keys,
      { ...options, lenient },
    );
    if (voucher.by === "none") {
      if (!lenient) throw unverifiedChecksum(voucher.checksum);
      options.onWarning?.(`nothing was verified: ${PLAIN_HTTP} (${voucher.checksum})`);
    }
    return { ...digest, voucher, facts };
  } catch (error) {
    // Only what cannot be had may be done without; what is there and wrong never is.
    const missing = error instanceof CocoonError && error.code === "not-found";
    if (!lenient || !missing) throw error;
    options.onWarning?.(`nothing was verified: ${messageOf(error)}`);
    return { facts };
  }
}

/**
 * Whether a stored image is what an entry means. cocoon's own names mean what was stored under
 * them until it is updated; a table of the configuration means what stands in it now.
 */
export function isStoredEntry(image: TaggedImage, { image: { origin }, source }: CatalogueEntry) {
  if (origin === "shipped") return true;
  if (source.sha256 !== undefined) return image.digest === `sha256:${source.sha256}`;
  return isUrl(source.source) && image.source === publicUrl(new URL(source.source));
}

/** The entry that an image of this name came from, or would come from today. */
export function entryOfTag(
  catalogue: Catalogue | undefined,
  tag: string,
  image: TaggedImage,
): CatalogueEntry | undefined {
  // An image that was stored for another architecture under that name is none of it.
  if (catalogue?.find(tag) === undefined) return undefined;
  const entry = catalogue.entry(tag, image.architecture);
  return entry !== undefined && entry.tag === tag && image.catalogueName === entry.image.name
    ? entry
    : undefined;
}

/** Whether a source is fetched from a server. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

const PLAIN_HTTP = "its checksum file came over plain http without a good signature";

/** The error for a checksum file that anybody on the way may have written. */
function unverifiedChecksum(checksum: string): CocoonError {
  return new CocoonError("failed", `nobody vouches for it: ${PLAIN_HTTP} (${checksum})`, {
    hint: "Name the file by https, or its `signature` and `keys` (which gpgv or gpg checks), or " +
      "pass --insecure-unverified to trust it blindly.",
  });
}

/** The error for a URL without any digest. */
export function unverified(): CocoonError {
  return new CocoonError("failed", "nobody vouches for it: no digest is known", {
    hint: "Give the digest that its publisher says (--sha256 or --sha512), add its `checksum` to " +
      "a table in [images] of the configuration, or pass --insecure-unverified to trust it blindly.",
  });
}
