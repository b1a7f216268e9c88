/**
 * An HTTP/1.1 server on loopback that serves bytes well or badly. It writes its own bytes to the
 * socket, because a proper server library would not let it lie about lengths or stop in the middle.
 */

/** What one path answers. */
export interface Resource {
  body: Uint8Array | string;
  /** @default {200} */
  status?: number;
  headers?: Record<string, string>;
  /** Says this length instead of the body's; `null` sends none (the connection's end is the end). */
  contentLength?: number | null;
  /** Closes the connection after so many bytes of the body. */
  cutAfterBytes?: number;
  /** Sends the body in pieces of `chunkBytes` with `delayMs` between them. */
  slow?: { chunkBytes: number; delayMs: number };
  /** Sends the headers, and then nothing until the client or the server closes. */
  stallAfterBytes?: number;
  /** Answers a `Range: bytes=N-` or `bytes=N-M` with 206 and that part. @default {false} */
  ranges?: boolean;
  /** Sent, and compared with `If-Range`: another version is answered whole. */
  etag?: string;
  /** Sent, and compared with `If-Range`, with a date a minute later. */
  lastModified?: string;
  /**
   * Gets parts wrong: `shifted` sends the bytes beside those that were asked for, under the right
   * header; `elsewhere` says that it does; `headless` sends a 206 without saying of what.
   */
  rangeLie?: "shifted" | "elsewhere" | "headless";
}

/** What a path answers, or how that depends on the request and on how many came before it. */
export type Answer = Resource | ((request: SeenRequest, before: number) => Resource);

/** A request that came. */
export interface SeenRequest {
  method: string;
  path: string;
  headers: Headers;
}

/** A server that runs until it is disposed of. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Every request until now, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Adds or replaces what a path (with leading slash) answers; unknown paths answer 404. */
  serve(path: string, answer: Answer): void;
}

/** Starts a server on a free port of 127.0.0.1. */
export function httpServer(resources: Record<string, Answer> = {}): HttpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const table = new Map(Object.entries(resources));
  const requests: SeenRequest[] = [];
  const open = new Set<Deno.TcpConn>();
  const stopped = new AbortController();
  const sessions = new Set<Promise<void>>();

  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      const session = respond(connection, table, requests, stopped.signal)
        .catch(() => {/* the client went away, which is its right */})
        .finally(() => {
          close(connection);
          open.delete(connection);
          sessions.delete(session);
        });
      sessions.add(session);
    }
  })();

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    serve: (path, answer) => void table.set(path, answer),
    async [Symbol.asyncDispose]() {
      listener.close();
      stopped.abort();
      for (const connection of open) close(connection);
      await accepting;
      await Promise.all(sessions);
    },
  };
}

async function respond(
  connection: Deno.TcpConn,
  table: Map<string, Answer>,
  requests: SeenRequest[],
  signal: AbortSignal,
): Promise<void> {
  const request = await readHead(connection);
  if (request === undefined) return;
  const before = requests.filter((seen) => seen.path === request.path).length;
  requests.push(request);
  const answer = table.get(request.path) ?? { body: "no such path\n", status: 404 };
  const resource = typeof answer === "function" ? answer(request, before) : answer;
  const whole = typeof resource.body === "string"
    ? new TextEncoder().encode(resource.body)
    : resource.body;
  const part = partOf(request.headers, resource, whole.length);
  const shift = resource.rangeLie === "shifted" && part !== undefined && part.start > 0 ? 1 : 0;
  const body = part === undefined ? whole : whole.subarray(part.start - shift, part.end - shift);
  const length = resource.contentLength === undefined ? body.length : resource.contentLength;
  const headers = {
    ...(length === null ? {} : { "content-length": String(length) }),
    ...(resource.ranges ? { "accept-ranges": "bytes" } : {}),
    ...(part === undefined ? {} : contentRange(part, whole.length, resource.rangeLie)),
    ...versionHeaders(resource),
    // One request a connection: a body without a length ends with it.
    connection: "close",
    ...resource.headers,
  };
  const status = part === undefined ? resource.status ?? 200 : 206;
  const head = [
    `HTTP/1.1 ${status} Whatever`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ].join("\r\n");
  await write(connection, new TextEncoder().encode(`${head}\r\n\r\n`));
  if (request.method === "HEAD") return;
  await sendBody(connection, body, resource, signal);
}

function versionHeaders({ etag, lastModified }: Resource): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : {
      "last-modified": lastModified,
      date: new Date(Date.parse(lastModified) + 60_000).toUTCString(),
    }),
  };
}

function contentRange(
  { start, end }: { start: number; end: number },
  length: number,
  lie: Resource["rangeLie"],
): Record<string, string> {
  if (lie === "headless") return {};
  const shift = lie === "elsewhere" && start > 0 ? 1 : 0;
  return { "content-range": `bytes ${start - shift}-${end - 1 - shift}/${length}` };
}

async function sendBody(
  connection: Deno.TcpConn,
  body: Uint8Array,
  resource: Resource,
  signal: AbortSignal,
): Promise<void> {
  const end = Math.min(
    body.length,
    resource.cutAfterBytes ?? Infinity,
    resource.stallAfterBytes ?? Infinity,
  );
  const chunkBytes = resource.slow?.chunkBytes ?? 64 * 1024;
  for (let at = 0; at < end && !signal.aborted; at += chunkBytes) {
    await write(connection, body.subarray(at, Math.min(at + chunkBytes, end)));
    if (resource.slow) await new Promise((done) => setTimeout(done, resource.slow?.delayMs));
  }
  // Nothing more comes; a read ends when the client or the server closes.
  if (resource.stallAfterBytes !== undefined) await connection.read(new Uint8Array(1));
}

/** Reads a request's head; undefined when the client closed before its end. */
async function readHead(connection: Deno.TcpConn): Promise<SeenRequest | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(8192);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null || text.length > 64 * 1024) return undefined;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  const [first = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { method, path, headers };
}

/** The part that is asked for, if it is answered. */
function partOf(
  headers: Headers,
  { ranges, etag, lastModified, status }: Resource,
  length: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "");
  if (!ranges || status !== undefined || match === null) return undefined;
  const version = headers.get("if-range");
  if (version !== null && version !== etag && version !== lastModified) return undefined;
  const [, first, last] = match;
  const end = last === "" ? length : Math.min(Number(last) + 1, length);
  return { start: Number(first), end };
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch { /* closed before */ }
}
