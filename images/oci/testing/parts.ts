/** Images for registries, made in memory, for tests. */
import { sha256Digest } from "../client/hasher.ts";

/** A manifest with the blobs that it names. */
export interface ImageParts {
  manifest: Uint8Array<ArrayBuffer>;
  mediaType: string;
  blobs: Uint8Array<ArrayBuffer>[];
}

/** One layer, before its digest is known. */
export interface LayerPart {
  bytes: Uint8Array<ArrayBuffer>;
  /** @default {a tar archive, compressed with gzip} */
  mediaType?: string;
  annotations?: Record<string, string>;
}

/** What {@linkcode imageParts} makes. */
export interface ImageShape {
  layers: LayerPart[];
  /** @default {"application/vnd.oci.image.config.v1+json"} */
  configType?: string;
  config?: Record<string, unknown>;
  artifactType?: string;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

/** JSON as bytes. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A descriptor of bytes. */
export async function describe(
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
  more: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  return { mediaType, digest: await sha256Digest(bytes), size: bytes.length, ...more };
}

/** Makes an image. */
export async function imageParts(shape: ImageShape): Promise<ImageParts> {
  const config = jsonBytes(
    shape.config ?? {
      os: "linux",
      architecture: "amd64",
      rootfs: { type: "layers", diff_ids: shape.layers.map(() => `sha256:${"0".repeat(64)}`) },
    },
  );
  const layers = await Promise.all(
    shape.layers.map(({ bytes, mediaType, annotations }) =>
      describe(mediaType ?? "application/vnd.oci.image.layer.v1.tar+gzip", bytes, {
        ...(annotations === undefined ? {} : { annotations }),
      })
    ),
  );
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: MANIFEST,
    ...(shape.artifactType === undefined ? {} : { artifactType: shape.artifactType }),
    config: await describe(shape.configType ?? "application/vnd.oci.image.config.v1+json", config),
    layers,
  });
  return {
    manifest,
    mediaType: MANIFEST,
    blobs: [config, ...shape.layers.map(({ bytes }) => bytes)],
  };
}

/** An index over images; their manifests and blobs must be in the registry too. */
export async function indexParts(
  entries: { parts: ImageParts; platform?: unknown; annotations?: Record<string, string> }[],
): Promise<ImageParts> {
  const manifests = await Promise.all(
    entries.map(({ parts, ...more }) => describe(parts.mediaType, parts.manifest, more)),
  );
  const manifest = jsonBytes({ schemaVersion: 2, mediaType: INDEX, manifests });
  return { manifest, mediaType: INDEX, blobs: [] };
}

/** One file for {@linkcode tarOf}. */
export interface TarFile {
  path: string;
  bytes?: Uint8Array;
  /** As in the header: `0` file, `5` directory, `2` symbolic link. @default {"0"} */
  type?: string;
  /** Target of a link. */
  link?: string;
  /** Claims this length instead. */
  size?: number;
}

/** An archive with exactly these headers, also ones that no tool would write. */
export function tarOf(files: readonly TarFile[]): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  const encode = (text: string) => new TextEncoder().encode(text);
  for (const { path, bytes = new Uint8Array(), type = "0", link = "", ...more } of files) {
    const { size = bytes.length } = more;
    const header = new Uint8Array(512);
    header.set(encode(path));
    header.set(encode(`${type === "5" ? "0000755" : "0000644"}\0`), 100);
    for (const at of [108, 116]) header.set(encode("0000000\0"), at);
    header.set(encode("00000000000\0"), 136);
    header.set(encode(`${size.toString(8).padStart(11, "0")}\0`), 124);
    header.set(encode("        "), 148);
    header.set(encode(type), 156);
    header.set(encode(link), 157);
    header.set(encode("ustar\x0000"), 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    blocks.push(header, bytes, new Uint8Array((512 - bytes.length % 512) % 512));
  }
  blocks.push(new Uint8Array(1024));
  return concat(blocks);
}

/** The bytes one after the other. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Compresses with gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Writes an image layout (OCI image specification 1.1), which `skopeo` copies from: `oci:DIR:TAG`. */
export async function writeLayout(
  directory: string,
  tag: string,
  parts: ImageParts,
  others: readonly ImageParts[] = [],
): Promise<void> {
  const folder = `${directory}/blobs/sha256`;
  await Deno.mkdir(folder, { recursive: true });
  for (const image of [parts, ...others]) {
    for (const blob of [image.manifest, ...image.blobs]) {
      await Deno.writeFile(`${folder}/${(await sha256Digest(blob)).slice(7)}`, blob);
    }
  }
  const annotations = { "org.opencontainers.image.ref.name": tag };
  const manifests = [await describe(parts.mediaType, parts.manifest, { annotations })];
  await Deno.writeFile(`${directory}/index.json`, jsonBytes({ schemaVersion: 2, manifests }));
  await Deno.writeFile(`${directory}/oci-layout`, jsonBytes({ imageLayoutVersion: "1.0.0" }));
}
