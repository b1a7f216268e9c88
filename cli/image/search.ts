import { formatSize } from "../../config/size.ts";
import type { ImageSourceTable } from "../../config/types.ts";
import type { Catalogue, CatalogueImage } from "../../images/catalogue/catalogue.ts";
import { orList } from "../../images/lookup.ts";
import { publicSource } from "../../images/reference.ts";
import { isVerifiedConnection } from "../../images/verification/connection.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";
import { catalogueOf } from "./names.ts";

const COLUMNS: readonly Column<CatalogueImage>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "TITLE", cell: ({ title }) => title ?? "-" },
  { header: "ARCHITECTURES", cell: ({ sources }) => Object.keys(sources).join(", ") },
  { header: "VERIFIED BY", cell: voucherText },
  { header: "ALSO", cell: ({ aliases }) => aliases.join(", ") || "-" },
];

/** `cocoon image search` */
export const command = defineCommand({
  description: "Shows the images that have a name: cocoon's own and those of [images] in the\n" +
    "configuration. With words, those that have all of them in a name or title. Nothing is asked\n" +
    "of the network.",
  parameters: {
    flags: { ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: {
      kind: "array",
      parameter: { parse: String, placeholder: "WORD", brief: "Part of a name or title" },
    },
  },
  async run(context: Context, flags: OutputFlag, ...words: string[]) {
    const catalogue = catalogueOf(context, await context.config());
    const found = catalogue.search(words);
    if (found.length === 0) context.stderr(`${nothingFound(catalogue, words)}\n`);
    printList(context, flags.output, found, [...COLUMNS], imageJson);
  },
});

function nothingFound(catalogue: Catalogue, words: readonly string[]): string {
  const near = new Set(words.flatMap((word) => catalogue.suggest(word)));
  const what = words.map((word) => JSON.stringify(word)).join(" and ");
  return `no image has ${what} in its name or title` +
    (orList([...near]) || "; `cocoon image search` without words shows all");
}

/** The best that its publisher offers, for any architecture. */
function voucherText({ sources }: CatalogueImage): string {
  const all = Object.values(sources);
  if (all.some(({ signature }) => signature !== undefined)) return "signature";
  const isBelieved = (url?: string) => url !== undefined && isVerifiedConnection(new URL(url));
  if (all.some(({ checksum }) => isBelieved(checksum))) return "checksum";
  return all.some(({ sha256 }) => sha256 !== undefined) ? "sha256" : "-";
}

function imageJson(image: CatalogueImage): Record<string, unknown> {
  const { name, title, aliases, origin, defaultUser, minimumDiskBytes, keys, sources } = image;
  return {
    name,
    title: title ?? null,
    aliases,
    origin,
    defaultUser: defaultUser ?? null,
    minimumDiskBytes: minimumDiskBytes ?? null,
    minimumDisk: minimumDiskBytes === undefined ? null : formatSize(minimumDiskBytes),
    keys: keys.map((key) => ({ ...key, source: publicSource(key.source) })),
    sources: Object.fromEntries(
      Object.entries(sources).map(([architecture, source]) => [architecture, publicTable(source)]),
    ),
  };
}

/** A table of the configuration without the passwords in its addresses. */
function publicTable({ source, checksum, signature, ...rest }: ImageSourceTable): ImageSourceTable {
  return {
    ...rest,
    source: publicSource(source),
    ...(checksum === undefined ? {} : { checksum: publicSource(checksum) }),
    ...(signature === undefined ? {} : { signature: publicSource(signature) }),
  };
}
