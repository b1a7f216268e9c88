/** A registry in memory that can be made to lie, for tests. Speaks real HTTP on loopback. */
import { sha256Digest } from "../client/hasher.ts";
import type { ImageParts } from "./parts.ts";

/** A request that came. */
export interface SeenRequest {
  method: string;
  /** With the query. */
  path: string;
  authorization: string | null;
  range: string | null;
}

/** A registry that runs until it is disposed of. */
export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly requests: SeenRequest[];
  /** Asked first for every request; undefined leaves the answer to the registry. */
  intercept: (request: Request, url: URL) => Response | undefined | Promise<Response | undefined>;
  /** Stores an image with a tag, in the repository `NAME` of every path. */
  add(tag: string, parts: ImageParts): Promise<string>;
  /** What is stored under a digest. */
  blob(digest: string): Uint8Array<ArrayBuffer> | undefined;
  /** What a path of a blob gives, for lies: any bytes under any digest. */
  setBlob(digest: string, bytes: Uint8Array<ArrayBuffer>): void;
}

/** Starts one on a free port of 127.0.0.1. */
export function fakeRegistry(): FakeRegistry {
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const manifests = new Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string }>();
  const answer = (request: Request, url: URL): Response => {
    const [, kind, name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    const manifest = kind === "manifests" ? manifests.get(name) : undefined;
    if (manifest !== undefined) {
      return new Response(manifest.bytes, { headers: { "content-type": manifest.type } });
    }
    const blob = kind === "blobs" ? blobs.get(name) : undefined;
    if (blob === undefined) {
      const code = kind === "manifests" ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN";
      const body = { errors: [{ code, message: "unknown here", detail: {} }] };
      return Response.json(body, { status: 404 });
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    if (range === null) return new Response(blob);
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), blob.length - 1)];
    if (from >= blob.length) return new Response(null, { status: 416 });
    return new Response(blob.subarray(from, to + 1), {
      status: 206,
      headers: { "content-range": `bytes ${from}-${to}/${blob.length}` },
    });
  };
  const requests: SeenRequest[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response(null) },
    async (request) => {
      const url = new URL(request.url);
      requests.push({
        method: request.method,
        path: url.pathname + url.search,
        authorization: request.headers.get("authorization"),
        range: request.headers.get("range"),
      });
      return await fake.intercept(request, url) ?? answer(request, url);
    },
  );
  const fake: FakeRegistry = {
    host: `127.0.0.1:${server.addr.port}`,
    requests,
    intercept: () => undefined,
    async add(tag, { manifest, mediaType, blobs: own }) {
      const digest = await sha256Digest(manifest);
      for (const name of [tag, digest]) manifests.set(name, { bytes: manifest, type: mediaType });
      for (const blob of own) blobs.set(await sha256Digest(blob), blob);
      return digest;
    },
    blob: (digest) => blobs.get(digest),
    setBlob: (digest, bytes) => void blobs.set(digest, bytes),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return fake;
}
