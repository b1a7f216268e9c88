import type { Architecture } from "../plugins/contract.ts";
import { type Database, transaction } from "./database.ts";

/**
 * Who vouched for an image: its publisher's key (`signature`), the publisher's file of digests as
 * its server gave it (`checksum`), a registry by the digests of its manifest (`registry`; over TLS
 * or from this computer), the user with a digest of this kind (`sha256`, `sha512`), or nobody.
 */
export type Verified = "signature" | "checksum" | "registry" | "sha256" | "sha512" | "none";

/** What may be learnt of an image that is stored already. */
export type ImageFacts = Partial<Pick<ImageRecord, typeof FACTS[number]>>;

const FACTS = [
  "verified",
  "verifiedBy",
  "sourceSha512",
  "validators",
  "catalogueName",
  "architecture",
  "minimumDiskBytes",
] as const satisfies readonly (keyof ImageRecord)[];

/** One layer of an image of kind `direct`. */
export interface DirectLayer {
  /** Of the compressed layer, as the manifest names it. */
  digest: string;
  /** As {@linkcode ImageRecord.diskDigest}, of the file system made of it. */
  diskDigest: string;
  /** Whether it has a kernel, and an initial RAM disk; of several layers, the topmost counts. */
  kernel: boolean;
  initrd: boolean;
}

/** One stored image: a raw disk or a CD, or kernel and layers, in `Home.imageDir(digest)`. Immutable. */
export interface ImageRecord {
  /** `sha256:HEX` of what was downloaded or imported; its identity. */
  digest: string;
  /**
   * `sha256-4m:HEX` of the raw disk that is stored; of kind `direct` `sha256-layers:HEX`, over those
   * of its layers. See `images/disk/digest.ts`.
   */
  diskDigest: string;
  /** `iso`: a CD, for machines with an empty disk of their own; the file is like a raw disk. */
  kind: "disk" | "iso" | "direct";
  /** For kind `direct`: what it is made of, base first; their files are in `direct_image.ts`. */
  layers?: DirectLayer[];
  /** Size that a guest sees; of kind `direct`, the layers together. */
  virtualBytes: number;
  /** Bytes that the file takes. */
  allocatedBytes: number;
  sourceFormat: "raw" | "iso" | "qcow2" | "vmdk" | "vhd" | "vhdx" | "vdi" | "layers";
  /** What the image was packed into, outermost first; absent when it was not. */
  wrappers?: ("gzip" | "xz" | "zstd" | "bzip2" | "tar")[];
  /** URL, absolute path, or `-` for standard input. */
  source: string;
  /** Who vouched for the content. */
  verified: Verified;
  /** For `checksum` and `signature`: what was believed. */
  verifiedBy?: {
    /** URL of the checksum file. */
    checksum: string;
    /** Fingerprint of the key that signed it. */
    key?: string;
  };
  /** SHA-512 of what was downloaded, hexadecimal, where it was computed. */
  sourceSha512?: string;
  /** What the server said of the file's version, to ask later whether there is another. */
  validators?: { etag?: string; lastModified?: string };
  /** Name in the catalogue that it was got by. */
  catalogueName?: string;
  /** Absent when nobody has said it. */
  architecture?: Architecture;
  /** Smallest root disk that its publisher asks for. */
  minimumDiskBytes?: number;
  /** RFC 3339, UTC. */
  createdAt: string;
}

/** An image with the names that point to it. */
export interface TaggedImage extends ImageRecord {
  tags: string[];
}

/** The images' rows and the names (tags) that point to them. */
export class ImageTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(digest: string): TaggedImage | undefined {
    const row = this.#db.prepare("SELECT record FROM images WHERE digest = ?").get(digest);
    return row === undefined ? undefined : { ...parse(row), tags: this.#tagsOf(digest) };
  }

  byTag(name: string): TaggedImage | undefined {
    const row = this.#db.prepare("SELECT digest FROM tags WHERE name = ?").get(name);
    return row === undefined ? undefined : this.get(String(row["digest"]));
  }

  /** All images, oldest first. */
  list(): TaggedImage[] {
    return this.#db.prepare("SELECT record FROM images ORDER BY rowid").all()
      .map(parse).map((image) => ({ ...image, tags: this.#tagsOf(image.digest) }));
  }

  /** All tags, for completion and suggestions. */
  tags(): string[] {
    return this.#db.prepare("SELECT name FROM tags ORDER BY name").all()
      .map((row) => String(row["name"]));
  }

  /** Stores an image (a second time is no error) and points `tag` to it, if one is given. */
  put(record: ImageRecord, tag?: string): void {
    transaction(this.#db, () => {
      this.#db.prepare("INSERT INTO images (digest, record) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .run(record.digest, JSON.stringify(record));
      if (tag !== undefined) this.#point(tag, record.digest);
    });
  }

  /** Notes what was learnt of an image that is stored already; what is not given stays. */
  note(digest: string, facts: ImageFacts): void {
    // Each value as a whole: json_patch would merge the old `validators` into the new ones.
    const known = FACTS.flatMap((key) => facts[key] === undefined ? [] : [[key, facts[key]]]);
    if (known.length === 0) return;
    transaction(this.#db, () => {
      for (const [key, value] of known) {
        this.#db.prepare(
          "UPDATE images SET record = json_set(record, '$.' || ?, json(?)) WHERE digest = ?",
        ).run(String(key), JSON.stringify(value), digest);
      }
    });
  }

  /** Removes a name; returns whether it existed. The image stays. */
  untag(name: string): boolean {
    return transaction(
      this.#db,
      () => this.#db.prepare("DELETE FROM tags WHERE name = ?").run(name).changes > 0,
    );
  }

  /**
   * Removes an image and its names, unless a machine uses it; returns whether it is gone.
   * One transaction: a machine that is created meanwhile either is seen or sees no image.
   */
  deleteUnused(digest: string): boolean {
    return transaction(this.#db, () => {
      const used = this.#db.prepare("SELECT 1 FROM machines WHERE image_digest = ? LIMIT 1")
        .get(digest);
      if (used !== undefined) return false;
      this.#db.prepare("DELETE FROM tags WHERE digest = ?").run(digest);
      this.#db.prepare("DELETE FROM images WHERE digest = ?").run(digest);
      return true;
    });
  }

  #point(tag: string, digest: string): void {
    this.#db.prepare(
      "INSERT INTO tags (name, digest) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET digest = ?",
    ).run(tag, digest, digest);
  }

  #tagsOf(digest: string): string[] {
    return this.#db.prepare("SELECT name FROM tags WHERE digest = ? ORDER BY name").all(digest)
      .map((row) => String(row["name"]));
  }
}

function parse(row: Record<string, unknown>): ImageRecord {
  // Only this class writes the column, from an ImageRecord.
  return JSON.parse(String(row["record"])) as ImageRecord;
}
