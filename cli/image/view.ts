import { formatSize } from "../../config/size.ts";
import type { TaggedImage } from "../../state/images.ts";

/** Digits of a digest in a list; enough to be unique, and to be typed. */
const SHORT_DIGITS = 12;

/** An image as `--output json` shows it; keys are only ever added. */
export function imageJson(image: TaggedImage): Record<string, unknown> {
  return {
    digest: image.digest,
    tags: image.tags,
    kind: image.kind,
    virtualBytes: image.virtualBytes,
    allocatedBytes: image.allocatedBytes,
    sourceFormat: image.sourceFormat,
    source: image.source,
    verified: image.verified,
    diskDigest: image.diskDigest,
    createdAt: image.createdAt,
  };
}

/** The beginning of a digest, without the name of the algorithm: a reference of its own. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, SHORT_DIGITS);
}

/** The names of an image in one cell. */
export function tagsText({ tags }: TaggedImage): string {
  return tags.length === 0 ? "-" : tags.join(", ");
}

/** What a user may want to know of an image, in words. */
export function imageFacts(image: TaggedImage): [string, string][] {
  return [
    ["names", tagsText(image)],
    ["digest", image.digest],
    ["size", formatSize(image.virtualBytes)],
    ["on disk", formatSize(image.allocatedBytes)],
    ["source", image.source],
    ["format", image.sourceFormat],
    ["verified", image.verified],
    ["created", image.createdAt],
  ];
}
