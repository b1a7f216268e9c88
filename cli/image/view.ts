import { formatSize } from "../../config/size.ts";
import { publicSource } from "../../images/reference.ts";
import type { TaggedImage, Verified } from "../../state/images.ts";

/** Digits of a digest in a list; enough to be unique, and to be typed. */
const SHORT_DIGITS = 12;

/** An image as `--output json` shows it; keys are only ever added. */
export function imageJson(image: TaggedImage): Record<string, unknown> {
  const { verifiedBy } = image;
  return {
    digest: image.digest,
    tags: image.tags,
    kind: image.kind,
    virtualBytes: image.virtualBytes,
    allocatedBytes: image.allocatedBytes,
    sourceFormat: image.sourceFormat,
    source: image.source,
    verified: image.verified,
    verifiedBy: verifiedBy === undefined
      ? null
      // Versions before this one noted it with the password that is in the configuration.
      : { ...verifiedBy, checksum: publicSource(verifiedBy.checksum) },
    catalogueName: image.catalogueName ?? null,
    architecture: image.architecture ?? null,
    minimumDiskBytes: image.minimumDiskBytes ?? null,
    diskDigest: image.diskDigest,
    layers: image.layers ?? null,
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

/** Who vouched for an image, in words. */
export function verifiedText(verified: Verified): string {
  return verified === "sha256" || verified === "sha512" ? `given ${verified}` : verified;
}

/** What was believed, where that was the publisher's word. */
function voucherFacts({ verified, verifiedBy }: TaggedImage): [string, string][] {
  if (verifiedBy === undefined || !["checksum", "signature"].includes(verified)) return [];
  const { checksum, key } = verifiedBy;
  return [
    ["checksum file", publicSource(checksum)],
    ...(key === undefined ? [] : [["signed by", key] as const]),
  ]
    .map(([name = "", value = ""]) => [name, value]);
}

/** The layers, base first, and what the machine boots from each. */
function layerFacts({ layers = [] }: TaggedImage): [string, string][] {
  const isLast = (index: number, part: "kernel" | "initrd") =>
    layers.findLastIndex((layer) => layer[part]) === index;
  return layers.map(({ digest }, index) => {
    const boots = (["kernel", "initrd"] as const).filter((part) => isLast(index, part));
    const shown = boots.length === 0 ? digest : `${digest} (${boots.join(", ")})`;
    return [`layer ${index + 1}`, shown];
  });
}

/** What a user may want to know of an image, in words. */
export function imageFacts(image: TaggedImage): [string, string][] {
  return [
    ["names", tagsText(image)],
    ["digest", image.digest],
    ["disk digest", image.diskDigest],
    ["kind", image.kind],
    ...layerFacts(image),
    ["size", formatSize(image.virtualBytes)],
    ["on disk", formatSize(image.allocatedBytes)],
    ["source", image.source],
    ["format", image.sourceFormat],
    ["verified", verifiedText(image.verified)],
    ...voucherFacts(image),
    ["created", image.createdAt],
  ];
}
