/**
 * A server on a Unix socket that records requests and answers what a test says, in raw bytes: so
 * the client, its encoding and the socket are all exercised. For tests only.
 */

/** A request as it came. */
export interface RecordedRequest {
  method: string;
  path: string;
  body: string;
}

/** What is answered: bytes; `cut` = the connection is closed, `hang` = nothing ever comes. */
export type StubAnswer = string | "cut" | "hang";

/** An answer with its length, as Go's server writes it. */
export function answer(status: number, body: string, type = "application/json; charset=utf-8") {
  const reasons: Record<number, string> = { 200: "OK", 202: "Accepted", 404: "Not Found" };
  const headers = body === "" ? "" : `Content-Type: ${type}\r\n`;
  const length = new TextEncoder().encode(body).length;
  return `HTTP/1.1 ${status} ${reasons[status] ?? "Error"}\r\n${headers}` +
    `Content-Length: ${length}\r\n\r\n${body}`;
}

/** Serves until it is disposed of. */
export class StubRestServer implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  constructor(
    readonly path: string,
    private readonly respond: (request: RecordedRequest) => StubAnswer,
  ) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accepting = this.#accept();
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      serving.push(this.#serve(connection).catch(() => {/* the client went away */}));
    }
    await Promise.all(serving);
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const request = await readRequest(connection);
    if (request === undefined) return this.#close(connection);
    this.requests.push(request);
    const reply = this.respond(request);
    if (reply === "hang") return;
    if (reply !== "cut") {
      const bytes = new TextEncoder().encode(reply);
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    }
    this.#close(connection);
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }

  #closed = false;

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#accepting;
  }
}

async function readRequest(connection: Deno.Conn): Promise<RecordedRequest | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  while (true) {
    const head = text.indexOf("\r\n\r\n");
    if (head >= 0) {
      const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      const body = text.slice(head + 4);
      if (body.length >= length) {
        const [method = "", target = ""] = text.split(" ");
        // Clients of a proxy name the whole URL, which every server must take (RFC 9112, 3.2.2).
        return { method, path: new URL(target, "http://localhost").pathname, body };
      }
    }
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
