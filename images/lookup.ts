import { CocoonError } from "../errors/error.ts";
import { suggest } from "../errors/suggest.ts";
import type { TaggedImage } from "../state/images.ts";
import type { Catalogue } from "./catalogue/catalogue.ts";
import type { ImageContext } from "./context.ts";

/** Fewest digits of a digest that stand for an image; as many as `list` shows. */
export const MIN_DIGEST_DIGITS = 12;

/** Fewer digits than these are rather a name. */
const MIN_SHOWN_DIGITS = 4;

/** More names than these are no help. */
const MAX_SUGGESTIONS = 4;

/** Finds a stored image by its tag, its digest, or the first 12 or more digits of that. */
export function findStored(ctx: ImageContext, name: string): TaggedImage | undefined {
  const tagged = ctx.store.images.byTag(name);
  if (tagged !== undefined) return tagged;
  const hex = name.replace(/^sha256:/, "").toLowerCase();
  if (!/^[0-9a-f]+$/.test(hex) || hex.length < MIN_DIGEST_DIGITS) return undefined;
  if (hex.length === 64) return ctx.store.images.get(`sha256:${hex}`);
  const found = ctx.store.images.list().filter((image) => image.digest.startsWith(`sha256:${hex}`));
  if (found.length > 1) {
    throw new CocoonError("usage", `image "${name}": ${found.length} images begin so`, {
      hint: found.map((image) => image.digest).join("\n"),
    });
  }
  return found[0];
}

/**
 * Like {@linkcode findStored}, for an image that must be there.
 * @param catalogue gives names that the user may have meant beside the stored ones
 * @throws {CocoonError} `not-found`, with the names that are near
 */
export function requireStored(
  ctx: ImageContext,
  name: string,
  catalogue?: Catalogue,
): TaggedImage {
  const image = findStored(ctx, name);
  if (image !== undefined) return image;
  const few = digestNeedsMore(ctx, name);
  if (few !== undefined) throw few;
  const tags = nearTags(name, ctx.store.images.tags());
  const near = orList([...new Set([...tags, ...catalogue?.suggest(name) ?? []])]);
  throw new CocoonError("not-found", `image "${name}": not found${near}`, {
    hint: (catalogue === undefined ? "" : "`cocoon image search` shows what is known by name, ") +
      "`cocoon image list` shows what is stored. Another source is a URL, an image in a registry " +
      "(oci:NAME is Docker Hub's), or a file with a slash in its path (./disk.qcow2).",
  });
}

/** The stored name that is near, and those that go on where this one ends (`disk.raw`). */
function nearTags(name: string, tags: readonly string[]): string[] {
  const tag = suggest(name, tags);
  const longer = tags.filter((each) => each.toLowerCase().startsWith(name.toLowerCase()));
  return [...tag === undefined ? [] : [tag], ...longer];
}

/** The error for the beginning of a digest that is too short to be one, if an image begins so. */
function digestNeedsMore(ctx: ImageContext, name: string): CocoonError | undefined {
  const hex = name.replace(/^sha256:/, "").toLowerCase();
  const isBeginning = /^[0-9a-f]+$/.test(hex) && hex.length < MIN_DIGEST_DIGITS &&
    hex.length >= MIN_SHOWN_DIGITS;
  const found = isBeginning &&
    ctx.store.images.list().find((image) => image.digest.startsWith(`sha256:${hex}`));
  if (!found) return undefined;
  const enough = found.digest.slice("sha256:".length).slice(0, MIN_DIGEST_DIGITS);
  return new CocoonError(
    "not-found",
    `image "${name}": not found; a digest needs ${MIN_DIGEST_DIGITS} digits`,
    { hint: `Did you mean ${enough}?` },
  );
}

/** ` (did you mean "a", "b" or "c"?)`, or an empty string without any. */
export function orList(names: readonly string[]): string {
  if (names.length === 0) return "";
  const quoted = names.slice(0, MAX_SUGGESTIONS).map((name) => `"${name}"`);
  const last = quoted.pop();
  return ` (did you mean ${quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`}?)`;
}
