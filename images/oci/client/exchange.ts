import { CocoonError } from "../../../errors/error.ts";
import { networkError, TransientError } from "../../sources/http_errors.ts";
import type { RegistryLimits } from "./limits.ts";

/** What is sent with a request; a stream is pulled as it goes. */
export type RequestBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** One request. */
export interface ExchangeOptions {
  method?: string;
  headers: Headers;
  /** Each piece of a stream starts the deadline of the answer anew. */
  body?: RequestBody | undefined;
  limits: RegistryLimits;
  signal?: AbortSignal | undefined;
}

/** A server's answer. Read it to its end, or discard it: it holds a connection. */
export class Answer {
  readonly url: URL;
  readonly #response: Response;
  readonly #abort: AbortController;
  readonly #release: () => void;
  readonly #idleTimeoutMs: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    url: URL,
    response: Response,
    abort: AbortController,
    release: () => void,
    idleTimeoutMs: number,
  ) {
    this.url = url;
    this.#response = response;
    this.#abort = abort;
    this.#release = release;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  get status(): number {
    return this.#response.status;
  }

  get headers(): Headers {
    return this.#response.headers;
  }

  /** The next piece of the body, or undefined at its end. @throws {CocoonError} `failed` */
  async read(): Promise<Uint8Array | undefined> {
    this.#reader ??= this.#response.body?.getReader();
    const reader = this.#reader;
    if (reader === undefined) {
      this.#release();
      return undefined;
    }
    const late = new TransientError(
      `the transfer from ${this.url.host} stalled: nothing came for ${this.#idleTimeoutMs} ms`,
      { hint: "Try again later." },
    );
    const timer = setTimeout(() => this.#abort.abort(late), this.#idleTimeoutMs);
    try {
      const { done, value } = await reader.read();
      if (done) this.#release();
      return value;
    } catch (cause) {
      this.#release();
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      throw new TransientError(`the transfer from ${this.url.host} broke off`, {
        cause,
        hint: "Try again.",
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The whole body. @throws {CocoonError} `failed` when it has more than `maxBytes` */
  async bytes(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) {
      length += piece.length;
      if (length > maxBytes) {
        await this.discard();
        throw new CocoonError(
          "failed",
          `${this.url.host} answers with more than the ${maxBytes} bytes that are allowed here`,
          { hint: "Is this the address of a registry?" },
        );
      }
      pieces.push(piece);
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /** Ends the connection. */
  async discard(): Promise<void> {
    this.#release();
    if (this.#reader === undefined) await this.#response.body?.cancel().catch(() => {});
    else await this.#reader.cancel().catch(() => {});
  }
}

/**
 * Sends one request and waits for the head of the answer. Redirects are answers.
 * @throws {CocoonError} `failed` without an answer in time; the signal's reason when it is aborted
 */
export async function exchange(url: URL, options: ExchangeOptions): Promise<Answer> {
  const { limits, signal } = options;
  signal?.throwIfAborted();
  const abort = new AbortController();
  const forward = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const release = () => signal?.removeEventListener("abort", forward);
  const late = new TransientError(
    `${url.host} did not answer within ${limits.responseTimeoutMs} ms`,
    { hint: "Try again later. Is a proxy needed? It is taken from https_proxy." },
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  const touch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(late), limits.responseTimeoutMs);
  };
  touch();
  try {
    const { body } = options;
    const response = await fetch(url, {
      method: options.method ?? "GET",
      headers: options.headers,
      redirect: "manual",
      signal: abort.signal,
      ...(body === undefined
        ? {}
        : { body: body instanceof ReadableStream ? watched(body, touch) : body }),
    });
    return new Answer(url, response, abort, release, limits.idleTimeoutMs);
  } catch (error) {
    release();
    if (abort.signal.aborted) throw abort.signal.reason;
    throw networkError(error, url, "For a registry that has no TLS: --plain-http");
  } finally {
    clearTimeout(timer);
  }
}

function watched(
  body: ReadableStream<Uint8Array>,
  touch: () => void,
): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        touch();
        controller.enqueue(piece);
      },
    }),
  );
}
