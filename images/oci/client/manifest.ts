/**
 * Manifests and indexes of the OCI image specification 1.1, and Docker's older ones, which have
 * the same fields.
 */
import { CocoonError } from "../../../errors/error.ts";
import { asObject, asString, parseJson, stringEntries, type UnknownObject } from "./json.ts";
import { MAX_DESCRIPTORS } from "./limits.ts";

/** Media types of manifests for one platform, best first. */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;
/** Media types of lists of manifests. */
export const INDEX_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;

/** What a blob or a manifest is and how it is checked. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  annotations: Record<string, string>;
  artifactType?: string;
}

/** Which computers a manifest is for. */
export interface Platform {
  os: string;
  /** As in Go: `amd64`, `arm64`. */
  architecture: string;
  variant?: string;
}

/** An entry of an index. */
export interface IndexEntry extends Descriptor {
  platform?: Platform;
}

/** An image or an artifact for one platform. */
export interface Manifest {
  kind: "manifest";
  artifactType?: string;
  config: Descriptor;
  /** Base first. */
  layers: Descriptor[];
  annotations: Record<string, string>;
}

/** A choice of manifests. */
export interface Index {
  kind: "index";
  manifests: IndexEntry[];
}

/**
 * Reads a manifest or an index.
 * @throws {CocoonError} `failed`, naming what is wrong with it
 */
export function parseManifest(bytes: Uint8Array): Manifest | Index {
  const json = asObject(parseJson(new TextDecoder().decode(bytes)));
  if (json === undefined) throw invalid("it is not JSON");
  if (json["schemaVersion"] === 1) {
    throw new CocoonError("failed", "its manifest has Docker's old form (schema 1)", {
      hint: "Push it again with a tool of today, for example skopeo copy.",
    });
  }
  const type = asString(json["mediaType"]);
  const isIndex = type === undefined
    ? Array.isArray(json["manifests"])
    : INDEX_TYPES.some((known) => known === type);
  if (isIndex) {
    return { kind: "index", manifests: list(json["manifests"], "manifests", indexEntry) };
  }
  if (type !== undefined && !MANIFEST_TYPES.some((known) => known === type)) {
    throw invalid(`its type ${JSON.stringify(type)} is unknown`);
  }
  const artifactType = asString(json["artifactType"]);
  return {
    kind: "manifest",
    ...(artifactType === undefined ? {} : { artifactType }),
    config: descriptor(json["config"], "config"),
    layers: list(json["layers"], "layers", descriptor),
    annotations: stringEntries(json["annotations"]),
  };
}

function list<T>(value: unknown, name: string, read: (item: unknown, name: string) => T): T[] {
  if (!Array.isArray(value)) throw invalid(`it has no ${name}`);
  if (value.length > MAX_DESCRIPTORS) {
    throw invalid(`it has ${value.length} ${name}, more than ${MAX_DESCRIPTORS}`);
  }
  return value.map((item, index) => read(item, `${name}[${index}]`));
}

function descriptor(value: unknown, name: string): Descriptor {
  const json = asObject(value);
  const mediaType = asString(json?.["mediaType"]);
  const digest = asString(json?.["digest"]);
  const size = json?.["size"];
  if (mediaType === undefined) throw invalid(`${name} has no media type`);
  if (digest === undefined || !/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(digest)) {
    throw invalid(`${name} has no digest that cocoon can check`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${name} has no size`);
  }
  const artifactType = asString(json?.["artifactType"]);
  return {
    mediaType,
    digest,
    size,
    annotations: stringEntries(json?.["annotations"]),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function indexEntry(value: unknown, name: string): IndexEntry {
  const platform = asObject(asObject(value)?.["platform"]);
  const entry = descriptor(value, name);
  return platform === undefined ? entry : { ...entry, platform: readPlatform(platform) };
}

/** A platform as an index or an image's configuration states it. */
export function readPlatform(json: UnknownObject): Platform {
  const variant = asString(json["variant"]);
  return {
    os: asString(json["os"]) ?? "",
    architecture: asString(json["architecture"]) ?? "",
    ...(variant === undefined || variant === "" ? {} : { variant }),
  };
}

function invalid(why: string): CocoonError {
  return new CocoonError("failed", `its manifest is damaged: ${why}`, {
    hint: "Tell whoever published the image.",
  });
}
