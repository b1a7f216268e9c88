import { CocoonError } from "../../errors/error.ts";

/** A digest as a checksum file has it: one of the two algorithms, lower-case hexadecimal. */
export type PublishedDigest = { sha256: string } | { sha512: string };

interface Line {
  /** Absent when the file has nothing but digests. */
  name?: string;
  digest: PublishedDigest;
}

/** `SHA256 (NAME) = HEX`, as BSD's tools and Fedora write it. */
const TAGGED = /^(SHA256|SHA512) \((.+)\) = ([0-9a-f]+)$/i;
/** `HEX  NAME` or `HEX *NAME`, as sha256sum writes it; `HEX` alone, as some publish it. */
const PLAIN = /^([0-9a-f]{64}|[0-9a-f]{128})(?:\s+\*?(.+))?$/i;

/**
 * Looks up a file's digest in a checksum file. Understood are the lines of `sha256sum` and
 * `sha512sum`, tagged lines (`SHA256 (NAME) = HEX`), and a digest alone; everything else (comments,
 * the armor of a signature) is passed over.
 *
 * A file that belongs to the image alone may have the digest without a name, or under the versioned
 * name of the image behind the address that always has the newest; see {@linkcode isVersionOf}. Any
 * other name there is of another image, whose signed checksum file somebody has put in its place.
 *
 * @param fileName last part of the image's URL
 * @param belongsToFile the checksum file is about no other file
 * @throws {CocoonError} `failed` when it has no digest of the file, or several
 */
export function findDigest(
  text: string,
  fileName: string,
  belongsToFile: boolean,
): PublishedDigest {
  const lines = text.split("\n").flatMap((line) => parseLine(line.trim()));
  const named = lines.filter(({ name }) => name !== undefined && baseName(name) === fileName);
  const chosen = named.length > 0
    ? named
    : belongsToFile
    ? lines.filter(({ name }) => name === undefined || isVersionOf(baseName(name), fileName))
    : [];
  const sha512 = distinct(chosen, "sha512");
  const sha256 = distinct(chosen, "sha256");
  if (sha512.length > 1 || sha256.length > 1) {
    throw new CocoonError("failed", `the checksum file has several digests of ${fileName}`, {
      hint: "Look at it: is it of several versions? Then give the address of one of them, or its " +
        "digest with --sha256.",
    });
  }
  if (sha512[0] !== undefined) return { sha512: sha512[0] };
  if (sha256[0] !== undefined) return { sha256: sha256[0] };
  throw new CocoonError("failed", `the checksum file has no sha256 or sha512 of ${fileName}`, {
    hint: "Has the image been renamed? Look at what its publisher offers.",
  });
}

/** What a version adds to a name: numbers, and openSUSE's builds and snapshots. */
const VERSION = /^(\d+|(Build|Snapshot)\d+)$/;

/**
 * Whether a name is that of an image plus its version: the same words in the same order, and beside
 * them only numbers and builds, wherever they stand. `latest` may be missing. So
 * `VM.x86_64-1.0.0-Cloud-Snapshot20260101.qcow2` is a version of `VM.x86_64-Cloud.qcow2`, and
 * neither another architecture nor another variant is.
 */
export function isVersionOf(name: string, fileName: string): boolean {
  const words = (text: string) => text.split(/[-.]/);
  const wanted = words(fileName).filter((word) => word !== "latest");
  let next = 0;
  for (const word of words(name)) {
    if (word === wanted[next]) next++;
    else if (!VERSION.test(word)) return false;
  }
  return next === wanted.length;
}

/** Whether a checksum file's URL says that it is about one file: `IMAGE.sha256` and the like. */
export function belongsTo(checksum: URL, image: URL): boolean {
  return checksum.origin === image.origin && checksum.pathname.startsWith(`${image.pathname}.`);
}

function parseLine(line: string): Line[] {
  const tagged = TAGGED.exec(line);
  if (tagged !== null) {
    const [, algorithm = "", name = "", hex = ""] = tagged;
    const digest = published(hex);
    // A digest of another length than its algorithm's is none.
    return digest !== undefined && algorithm.toLowerCase() in digest ? [{ name, digest }] : [];
  }
  const [, hex = "", name] = PLAIN.exec(line) ?? [];
  const digest = published(hex);
  return digest === undefined ? [] : [{ digest, ...(name === undefined ? {} : { name }) }];
}

function published(hex: string): PublishedDigest | undefined {
  if (hex.length === 64) return { sha256: hex.toLowerCase() };
  return hex.length === 128 ? { sha512: hex.toLowerCase() } : undefined;
}

function distinct(lines: readonly Line[], algorithm: "sha256" | "sha512"): string[] {
  const found = lines.flatMap(({ digest }) => {
    // The union's members have one property each.
    const hex = (digest as Partial<Record<"sha256" | "sha512", string>>)[algorithm];
    return hex === undefined ? [] : [hex];
  });
  return [...new Set(found)];
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
