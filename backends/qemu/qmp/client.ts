/**
 * A client of QMP, the control protocol of QEMU and of its storage daemon, over a Unix socket.
 * It knows the protocol only: nothing of machines.
 *
 * A monitor serves one client at a time: a second connection is accepted by the kernel and gets
 * no greeting until the first one is closed. Keep connections short, and give each a deadline.
 */
import type { Json, JsonObject } from "../../../plugins/contract.ts";
import { connectUnix } from "./connect.ts";
import { withDeadline } from "./deadline.ts";
import { QmpError } from "./errors.ts";
import { EventQueue } from "./events.ts";
import { readLines } from "./lines.ts";
import { parseMessage, type QmpEvent, type QmpVersion } from "./messages.ts";

export { QmpError, type QmpFailure } from "./errors.ts";
export type { QmpEvent, QmpVersion } from "./messages.ts";

/** Longest message taken: QEMU's longest answer (`query-qmp-schema`) is about 200 KiB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** Options of {@linkcode QmpClient.connect}. */
export interface QmpConnectOptions {
  /** Milliseconds until the server must have greeted and taken our capabilities. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Bytes that one message may have. @default {4194304} */
  maxLineBytes?: number;
}

/** Options of {@linkcode QmpClient.execute}. */
export interface QmpExecuteOptions {
  /** Milliseconds until the answer must be there. */
  timeoutMs: number;
  signal?: AbortSignal;
}

interface Pending {
  command: string;
  resolve(value: Json): void;
  reject(error: QmpError): void;
}

/** One connection in command mode. Owns its socket until {@linkcode QmpClient.close}. */
export class QmpClient implements AsyncDisposable {
  /** The server's version. */
  readonly version: QmpVersion;
  readonly #connection: Deno.UnixConn;
  readonly #pending = new Map<number, Pending>();
  readonly #events = new EventQueue();
  readonly #pump: Promise<void>;
  #nextId = 1;
  #writes: Promise<void> = Promise.resolve();
  #ended: QmpError | undefined;

  private constructor(
    connection: Deno.UnixConn,
    lines: AsyncGenerator<string>,
    version: QmpVersion,
  ) {
    this.#connection = connection;
    this.version = version;
    this.#pump = this.#receive(lines);
  }

  /**
   * Connects, waits for the greeting and negotiates (no optional capability is asked for).
   * Retries while the monitor's queue of waiting clients is full.
   * @throws {QmpError} `unreachable`, `timeout`, `closed` or `protocol`; nothing stays open
   */
  static async connect(path: string, options: QmpConnectOptions): Promise<QmpClient> {
    const deadlineMs = performance.now() + options.timeoutMs;
    const remaining = () => {
      const timeoutMs = Math.max(0, deadlineMs - performance.now());
      return options.signal ? { timeoutMs, signal: options.signal } : { timeoutMs };
    };
    const connection = await connectUnix(path, remaining());
    try {
      const lines = readLines(connection, options.maxLineBytes ?? MAX_LINE_BYTES);
      const version = await withDeadline(
        readGreeting(lines),
        remaining(),
        (why) =>
          new QmpError("timeout", `No greeting from ${path}: ${why}; another client may hold it`),
      );
      const client = new QmpClient(connection, lines, version);
      await client.execute("qmp_capabilities", {}, remaining());
      return client;
    } catch (error) {
      closeQuietly(connection);
      throw asQmpError(error);
    }
  }

  /**
   * Runs one command and returns its result. Commands may be issued at once; the server answers
   * in order.
   * @throws {QmpError} `command` with the server's own words, `timeout`, `closed` or `protocol`
   */
  async execute(
    command: string,
    args: JsonObject,
    options: QmpExecuteOptions,
  ): Promise<Json> {
    if (this.#ended) throw this.#ended;
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Json>();
    this.#pending.set(id, { command, resolve: answer.resolve, reject: answer.reject });
    const message = Object.keys(args).length === 0
      ? { execute: command, id }
      : { execute: command, arguments: args, id };
    this.#send(`${JSON.stringify(message)}\n`);
    try {
      return await withDeadline(
        answer.promise,
        options,
        (why) => new QmpError("timeout", `No answer to ${command}: ${why}`),
      );
    } finally {
      // An answer that comes after its deadline finds no one and is dropped.
      this.#pending.delete(id);
    }
  }

  /**
   * Events from the connection's begin on, in order. Ends when the connection ends; breaking out
   * of the loop keeps the connection. One consumer at a time.
   */
  events(): AsyncIterableIterator<QmpEvent> {
    return this.#events.iterate();
  }

  /** Ends the connection; what still waits for an answer is rejected. Idempotent. */
  async close(): Promise<void> {
    this.#end(new QmpError("closed", "Connection was closed by this side"));
    await this.#pump;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes whole messages one after another: a socket may take less than it is given. */
  #send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#writes = this.#writes.then(async () => {
      let offset = 0;
      while (offset < bytes.length) offset += await this.#connection.write(bytes.subarray(offset));
    }).catch((cause) =>
      this.#end(new QmpError("closed", "Server closed the connection", { cause }))
    );
  }

  async #receive(lines: AsyncGenerator<string>): Promise<void> {
    try {
      for await (const line of lines) this.#dispatch(line);
      this.#end(new QmpError("closed", "Server closed the connection"));
    } catch (error) {
      this.#end(asQmpError(error));
    }
  }

  #dispatch(line: string): void {
    const message = parseMessage(line);
    if (message.kind === "event") return this.#events.push(message.event);
    if (message.kind === "greeting") throw new QmpError("protocol", "Second greeting");
    // An error without our id answers something that the server could not even read.
    if (typeof message.id !== "number") {
      const text = message.kind === "error" ? `: ${message.description}` : "";
      throw new QmpError("protocol", `Answer without an id${text}`);
    }
    const pending = this.#pending.get(message.id);
    if (message.kind === "return") return pending?.resolve(message.value);
    const { errorClass, description } = message;
    pending?.reject(
      new QmpError("command", `${pending.command}: ${description}`, { errorClass }),
    );
  }

  #end(error: QmpError): void {
    if (this.#ended) return;
    this.#ended = error;
    closeQuietly(this.#connection);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#events.end();
  }
}

async function readGreeting(lines: AsyncGenerator<string>): Promise<QmpVersion> {
  const first = await lines.next();
  if (first.done) throw new QmpError("closed", "Server closed the connection without a greeting");
  const message = parseMessage(first.value);
  if (message.kind !== "greeting") throw new QmpError("protocol", "First message is no greeting");
  return message.version;
}

function asQmpError(error: unknown): QmpError {
  if (error instanceof QmpError) return error;
  return new QmpError("closed", "Connection broke", { cause: error });
}

function closeQuietly(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch { /* closed already */ }
}
