import type { JsonObject } from "../plugins/contract.ts";
import type { FileOutput } from "./schema.ts";
import { formatExactSize } from "./size.ts";
import type { ImageSourceTable, ImageTable } from "./types.ts";

/** A checked `[images.NAME]`, with sizes in bytes. */
export type WrittenImage = NonNullable<FileOutput["images"]>[string];

/**
 * An image's table in cocoon's own terms.
 * @param locate makes a source absolute
 */
export function imageTable(written: WrittenImage, locate: (source: string) => string): ImageTable {
  const sourceTable = (table: NonNullable<WrittenImage["x86_64"]>): ImageSourceTable => ({
    source: locate(table.source),
    ...vouchers(table),
  });
  return {
    ...given("source", written.source && locate(written.source)),
    ...vouchers(written),
    ...given("architecture", written.architecture),
    ...given("x86_64", written.x86_64 && sourceTable(written.x86_64)),
    ...given("aarch64", written.aarch64 && sourceTable(written.aarch64)),
    ...given(
      "keys",
      written.keys?.map(({ fingerprint, source }) => ({
        fingerprint: fingerprint.toUpperCase(),
        source: locate(source),
      })),
    ),
    ...given("title", written.title),
    ...given("aliases", written.aliases),
    ...given("defaultUser", written.default_user),
    ...given("minimumDiskBytes", written.minimum_disk),
  };
}

/** An image's table as the file would have it. */
export function writtenImage(table: ImageTable): JsonObject {
  const { defaultUser, minimumDiskBytes, ...rest } = table;
  return {
    ...rest,
    ...given("default_user", defaultUser),
    ...given("minimum_disk", minimumDiskBytes && formatExactSize(minimumDiskBytes)),
  };
}

function vouchers(
  { sha256, checksum, signature }: Pick<WrittenImage, "sha256" | "checksum" | "signature">,
): Partial<Omit<ImageSourceTable, "source">> {
  return {
    ...given("sha256", sha256?.toLowerCase()),
    ...given("checksum", checksum),
    ...given("signature", signature),
  };
}

/** The property, unless its value is missing. */
function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  // The one property that the computed key makes is that of K.
  return value === undefined ? {} : { [key]: value } as { [P in K]?: V };
}
