import { CocoonError } from "../../../errors/error.ts";
import { blobChunks } from "./blob.ts";
import { DigestCheck, sha256Digest } from "./hasher.ts";
import { MAX_MANIFEST_BYTES } from "./limits.ts";
import {
  type Descriptor,
  type Index,
  INDEX_TYPES,
  type Manifest,
  MANIFEST_TYPES,
  parseManifest,
} from "./manifest.ts";
import type { OciReference } from "./reference.ts";
import { Transport, type TransportOptions } from "./transport.ts";

/** A manifest or an index as it was received. */
export interface Fetched<T = Manifest | Index> {
  /** `sha256:HEX` of the bytes, or the digest by which it was asked for. */
  digest: string;
  bytes: Uint8Array<ArrayBuffer>;
  content: T;
}

/**
 * Reads from one repository of a registry (OCI distribution specification 1.1). Everything that it
 * gives out is what its digest says.
 */
export class RegistryClient {
  readonly transport: Transport;

  constructor(reference: OciReference, options: TransportOptions) {
    this.transport = new Transport(reference, options);
  }

  /**
   * A manifest or an index by its tag or digest.
   * @throws {CocoonError} `not-found`, or `failed` when it is not what its digest says
   */
  async manifest(tagOrDigest: string): Promise<Fetched> {
    const answer = await this.transport.send({
      target: `manifests/${tagOrDigest}`,
      headers: { accept: [...INDEX_TYPES, ...MANIFEST_TYPES].join(", ") },
      expect: [200],
    });
    const bytes = await answer.bytes(MAX_MANIFEST_BYTES);
    const asked = tagOrDigest.includes(":") ? tagOrDigest : undefined;
    const promised = asked ?? answer.headers.get("docker-content-digest") ?? undefined;
    if (promised !== undefined && /^sha(256|512):/.test(promised)) {
      const check = await DigestCheck.create(promised);
      check.update(bytes);
      check.finish("its manifest");
    }
    const digest = asked ?? await sha256Digest(bytes);
    return { digest, bytes, content: parseManifest(bytes) };
  }

  /** The content of a blob; see {@linkcode blobChunks}. */
  blob(descriptor: Descriptor): AsyncGenerator<Uint8Array> {
    return blobChunks(this.transport, descriptor);
  }

  /** A small blob, whole. @throws {CocoonError} `failed` when it has more than `maxBytes` */
  async smallBlob(descriptor: Descriptor, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (descriptor.size > maxBytes) {
      throw new CocoonError(
        "failed",
        `its configuration has ${descriptor.size} bytes, more than the ${maxBytes} that are read`,
      );
    }
    const bytes = new Uint8Array(descriptor.size);
    let at = 0;
    // `blob` gives never more than the descriptor's size.
    for await (const piece of this.blob(descriptor)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}
