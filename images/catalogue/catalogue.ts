import { parse } from "smol-toml";
import { imageTable, type WrittenImage } from "../../config/image_table.ts";
import { parseSize } from "../../config/size.ts";
import type { ImageKeyTable, ImageSourceTable, ImageTable } from "../../config/types.ts";
import { CocoonError } from "../../errors/error.ts";
import { suggestAll } from "../../errors/suggest.ts";
import type { Architecture } from "../../plugins/contract.ts";
// Text that is embedded in the program, so that nothing is read from its sources at run time.
import shippedText from "./catalogue.toml" with { type: "text" };

const ARCHITECTURES = ["x86_64", "aarch64"] as const satisfies readonly Architecture[];

/** An image that is known by a name, with where it comes from. */
export interface CatalogueImage {
  name: string;
  /** What it is, for people. */
  title: string | undefined;
  aliases: readonly string[];
  /** `configuration`: of the user's own `[images]`. */
  origin: "shipped" | "configuration";
  /** The account that its publisher documents. */
  defaultUser: string | undefined;
  /** Smallest root disk of a machine of it. */
  minimumDiskBytes: number | undefined;
  /** Keys that may sign its checksum file. */
  keys: readonly ImageKeyTable[];
  sources: Readonly<Partial<Record<Architecture, ImageSourceTable>>>;
}

/** An image of the catalogue, for one architecture. */
export interface CatalogueEntry {
  image: CatalogueImage;
  architecture: Architecture;
  source: ImageSourceTable;
  /** Name that the stored image gets: the image's, with the architecture if that is foreign. */
  tag: string;
}

/** All images that are known by name: cocoon's own and, before them, those of the configuration. */
export class Catalogue {
  readonly #images = new Map<string, CatalogueImage>();
  /** Names and aliases in lower case. */
  readonly #names = new Map<string, CatalogueImage>();
  readonly #host: Architecture;

  /**
   * @param own `[images]` of the configuration; a table replaces a shipped image of its name
   * @param host architecture of this computer
   */
  constructor(own: Readonly<Record<string, ImageTable>>, host: Architecture) {
    this.#host = host;
    for (const [name, table] of Object.entries(own)) this.#add(made(name, table, "configuration"));
    for (const image of shippedImages()) {
      if (!this.#images.has(image.name)) this.#add(image);
    }
  }

  /** Names first, so that no alias hides one. */
  #add(image: CatalogueImage): void {
    this.#images.set(image.name, image);
    this.#names.set(image.name.toLowerCase(), image);
    for (const alias of image.aliases.map((alias) => alias.toLowerCase())) {
      if (!this.#names.has(alias)) this.#names.set(alias, image);
    }
  }

  /** Every image, the user's own first. */
  images(): CatalogueImage[] {
    return [...this.#images.values()];
  }

  /** The image of this name or alias; a name may end in `-ARCHITECTURE`. */
  find(name: string): CatalogueImage | undefined {
    return this.#split(name).image;
  }

  /**
   * The image of this name for an architecture.
   * @param wanted the machine's architecture; one in the name goes first
   * @throws {CocoonError} `not-found` when there is none for that architecture
   */
  entry(name: string, wanted?: Architecture): CatalogueEntry | undefined {
    const { image, architecture = wanted ?? this.#host } = this.#split(name);
    if (image === undefined) return undefined;
    const source = image.sources[architecture];
    if (source === undefined) {
      const others = Object.keys(image.sources).join(", ");
      throw new CocoonError("not-found", `image "${name}": there is none for ${architecture}`, {
        hint: `It exists for ${others}.`,
      });
    }
    const tag = architecture === this.#host ? image.name : `${image.name}-${architecture}`;
    return { image, architecture, source, tag };
  }

  /** The images whose name, alias or title has every word in it; all of them without a word. */
  search(words: readonly string[]): CatalogueImage[] {
    return this.images().filter((image) => {
      const text = [image.name, image.title ?? "", ...image.aliases].join("\n").toLowerCase();
      return words.every((word) => text.includes(word.toLowerCase()));
    });
  }

  /** Names that the user may have meant: those of the same family, else those that are near. */
  suggest(name: string): string[] {
    const names = [...this.#images.keys()];
    const family = name.toLowerCase().split(":")[0] ?? "";
    const related = names.filter((each) => each.split(":")[0] === family);
    return related.length > 0 ? related : suggestAll(name, [...this.#names.keys()]);
  }

  #split(name: string): { image?: CatalogueImage; architecture?: Architecture } {
    const lower = name.toLowerCase();
    const image = this.#names.get(lower);
    if (image !== undefined) return { image };
    const architecture = ARCHITECTURES.find((each) => lower.endsWith(`-${each}`));
    if (architecture === undefined) return {};
    const found = this.#names.get(lower.slice(0, -architecture.length - 1));
    return found === undefined ? {} : { image: found, architecture };
  }
}

/** The images that cocoon brings along. */
export function shippedImages(): CatalogueImage[] {
  // The file is part of the program and held to the configuration's schema by a test.
  const { images } = parse(shippedText) as unknown as { images: Record<string, Shipped> };
  return Object.entries(images).map(([name, { minimum_disk, ...table }]) => {
    const written = { ...table, minimum_disk: parseSize(minimum_disk) };
    return made(name, imageTable(written, (source) => source), "shipped");
  });
}

/** A table of the shipped file: a size is still a text. */
interface Shipped extends Omit<WrittenImage, "minimum_disk"> {
  minimum_disk: string;
}

function made(
  name: string,
  table: ImageTable,
  origin: CatalogueImage["origin"],
): CatalogueImage {
  const { source, sha256, checksum, signature } = table;
  const shared: ImageSourceTable | undefined = source === undefined ? undefined : {
    source,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(signature === undefined ? {} : { signature }),
  };
  const sources: Partial<Record<Architecture, ImageSourceTable>> = {};
  for (const architecture of ARCHITECTURES) {
    const fits = table.architecture === undefined || table.architecture === architecture;
    const chosen = table[architecture] ?? (fits ? shared : undefined);
    if (chosen !== undefined) sources[architecture] = chosen;
  }
  return {
    name,
    title: table.title,
    aliases: table.aliases ?? [],
    origin,
    defaultUser: table.defaultUser,
    minimumDiskBytes: table.minimumDiskBytes,
    keys: table.keys ?? [],
    sources,
  };
}
