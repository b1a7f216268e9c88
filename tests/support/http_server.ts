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
  /** Answers a `Range: bytes=N-` with 206 and the rest. @default {false} */
  ranges?: boolean;
}

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
  serve(path: string, resource: Resource): void;
}

/** Starts a server on a free port of 127.0.0.1. */
export function httpServer(resources: Record<string, Resource> = {}): HttpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const table = new Map(Object.entries(resources));
  const requests: SeenRequest[] = [];
  const open = new Set<Deno.TcpConn>();
  const stopped = new AbortController();
  const sessions = new Set<Promise<void>>();

  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      const session = answer(connection, table, requests, stopped.signal)
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
    serve: (path, resource) => void table.set(path, resource),
    async [Symbol.asyncDispose]() {
      listener.close();
      stopped.abort();
      for (const connection of open) close(connection);
      await accepting;
      await Promise.all(sessions);
    },
  };
}

async function answer(
  connection: Deno.TcpConn,
  table: Map<string, Resource>,
  requests: SeenRequest[],
  signal: AbortSignal,
): Promise<void> {
  const request = await readHead(connection);
  if (request === undefined) return;
  requests.push(request);
  const resource = table.get(request.path) ?? { body: "no such path\n", status: 404 };
  const whole = typeof resource.body === "string"
    ? new TextEncoder().encode(resource.body)
    : resource.body;
  const from = resource.ranges ? rangeStart(request.headers) : undefined;
  const body = from === undefined ? whole : whole.subarray(from);
  const length = resource.contentLength === undefined ? body.length : resource.contentLength;
  const headers = {
    ...(length === null ? {} : { "content-length": String(length) }),
    ...(resource.ranges ? { "accept-ranges": "bytes" } : {}),
    ...(from === undefined
      ? {}
      : { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` }),
    // One request a connection: a body without a length ends with it.
    connection: "close",
    ...resource.headers,
  };
  const status = from === undefined ? resource.status ?? 200 : 206;
  const head = [
    `HTTP/1.1 ${status} Whatever`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ].join("\r\n");
  await write(connection, new TextEncoder().encode(`${head}\r\n\r\n`));
  if (request.method === "HEAD") return;
  await sendBody(connection, body, resource, signal);
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

function rangeStart(headers: Headers): number | undefined {
  const match = /^bytes=(\d+)-$/.exec(headers.get("range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch { /* closed before */ }
}
