import { CocoonError } from "../../../errors/error.ts";
import type { RemoteFile } from "../../downloads/remote_file.ts";
import { blobFile, shortDigest } from "./blob.ts";
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

  /**
   * A blob, to be downloaded.
   * @param source what the download's journal says for people
   */
  blob(descriptor: Descriptor, source: string): RemoteFile {
    return blobFile(this.transport, descriptor, source);
  }

  /** A small blob, whole. @throws {CocoonError} `failed` when it has more than `maxBytes` */
  async smallBlob(descriptor: Descriptor, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { digest, size } = descriptor;
    if (size > maxBytes) {
      throw new CocoonError(
        "failed",
        `its configuration has ${size} bytes, more than the ${maxBytes} that are read`,
        { hint: "Tell whoever published the image." },
      );
    }
    const answer = await this.transport.send({ target: `blobs/${digest}`, expect: [200] });
    const bytes = await answer.bytes(maxBytes);
    const check = await DigestCheck.create(digest);
    check.update(bytes);
    check.finish(`blob ${shortDigest(digest)}`);
    return bytes;
  }
}
