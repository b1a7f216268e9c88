import { CocoonError } from "../../../errors/error.ts";

/** Where an image is in a registry. Has a tag, a digest, or both; the digest then decides. */
export interface OciReference {
  /** Host as the user names it, with a port if there is one: `ghcr.io`, `localhost:5000`. */
  registry: string;
  /** Path in the registry: `cocoonstack/cocoon/ubuntu`. */
  repository: string;
  tag?: string;
  /** `sha256:HEX` or `sha512:HEX` of the manifest. */
  digest?: string;
}

/** The name that everybody uses for Docker's registry; its API answers elsewhere. */
export const DOCKER_HUB = "docker.io";

const PREFIX = "oci:";
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::(\\d{1,5}))?$`);
/** Grammar of the distribution specification 1.1, "Pulling manifests". */
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HUB_NAME = /^[a-z0-9][a-z0-9_.-]*\/[a-z0-9][a-z0-9_.-]*(?::[\w.-]{1,128})?$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** The algorithms that the image specification registers. */
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** Longer names are refused by registries in use. */
const MAX_REPOSITORY_LENGTH = 255;

/** Whether a text is meant as a reference to a registry: `oci:` in front, or a host as first part. */
export function looksLikeOci(text: string): boolean {
  if (text.startsWith(`${PREFIX}//`)) return false;
  if (text.startsWith(PREFIX)) return true;
  const slash = text.indexOf("/");
  return slash > 0 && isHost(text.slice(0, slash));
}

/** Whether a path reads like `USER/NAME[:TAG]`, which other tools look for on Docker Hub. */
export function mayBeOfHub(text: string): boolean {
  return HUB_NAME.test(text);
}

/** A dot, a port or `localhost` tell a host from a namespace, as in all tools for containers. */
function isHost(part: string): boolean {
  return HOST.test(part) && (/[.:]/.test(part) || part === "localhost");
}

/**
 * Reads `[oci:][HOST/]NAME[:TAG][@DIGEST]`. Without a host (only after `oci:`) it is Docker Hub's;
 * without tag and digest it is the tag `latest`.
 * @throws {CocoonError} `usage`, saying which part is wrong
 */
export function parseOciReference(text: string): OciReference {
  const wrong = (why: string) =>
    new CocoonError("usage", `image "${text}": ${why}`, {
      hint: "A reference is oci:HOST/NAME:TAG or oci:HOST/NAME@sha256:HEX; a file is ./NAME.",
    });
  let rest = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  const at = rest.indexOf("@");
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  if (at >= 0) rest = rest.slice(0, at);
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw wrong("after @ comes sha256: and 64 lower-case hexadecimal digits");
  }
  const slash = rest.indexOf("/");
  const named = slash > 0 && isHost(rest.slice(0, slash));
  const registry = named ? canonicalHost(rest.slice(0, slash)) : DOCKER_HUB;
  const path = named ? rest.slice(slash + 1) : rest;
  const colon = path.lastIndexOf(":");
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw wrong(`"${tag}" is no tag`);
  if (Number(HOST.exec(registry)?.[1] ?? 1) > 65_535) throw wrong("the port is above 65535");
  if (name.length > MAX_REPOSITORY_LENGTH || !REPOSITORY.test(name)) {
    const upper = name.toLowerCase() !== name && REPOSITORY.test(name.toLowerCase());
    throw wrong(`"${name}" is no name of an image${upper ? "; it must be in lower case" : ""}`);
  }
  const library = registry === DOCKER_HUB && !name.includes("/");
  return {
    registry,
    repository: library ? `library/${name}` : name,
    ...(tag === undefined && digest === undefined ? { tag: "latest" } : {}),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return ["index.docker.io", "registry-1.docker.io"].includes(lower) ? DOCKER_HUB : lower;
}

/** The reference in full, such that {@linkcode parseOciReference} reads the same from it. */
export function formatOciReference(reference: OciReference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}` + (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`);
}

/**
 * Whether the host of a registry is this computer. Names below `localhost` are not believed to be:
 * RFC 6761 wants them so, but not every resolver obeys, and others then ask the network.
 */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
