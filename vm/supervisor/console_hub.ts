import { readTail, rotateLog } from "./console_log.ts";
import { Scrollback } from "./scrollback.ts";

/** Bytes of output that a terminal gets when it attaches. */
export const SCROLLBACK_BYTES = 64 * 1024;
/**
 * Bytes that may wait for a slow terminal before it is dropped. Output is never held back for one:
 * a hypervisor whose console is not read may stand still altogether (QEMU's pl011 writes blocking).
 */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** Milliseconds between two looks at the log's size. */
const ROTATE_INTERVAL_MS = 5_000;

/** The guest's side of the console: a byte stream in both directions. */
export interface ConsoleStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  close(): void;
}

/**
 * Stands between one guest console and any number of terminals: keeps the last output, gives it to
 * each new terminal and then all that follows, sends what any of them types to the guest, and
 * keeps the log where the hypervisor doesn't.
 *
 * The protocol on the terminals' socket is the bare byte stream.
 */
export class ConsoleHub {
  readonly #socketPath: string;
  readonly #logPath: string;
  readonly #writeLog: boolean;
  readonly #terminals = new Set<Terminal>();
  readonly #rotation: ReturnType<typeof setInterval>;
  readonly #scrollback = new Scrollback(SCROLLBACK_BYTES);
  #guest: ConsoleStream | undefined;
  #listener: Deno.Listener | undefined;
  #log: Deno.FsFile | undefined;
  /** Called with every piece of output; for a supervisor in the foreground. */
  onOutput: ((data: Uint8Array) => void) | undefined;

  /**
   * @param socketPath where terminals connect; made by {@linkcode listen}
   * @param writeLog whether output is appended to the log here, or the hypervisor does it
   */
  constructor(socketPath: string, logPath: string, writeLog: boolean) {
    this.#socketPath = socketPath;
    this.#logPath = logPath;
    this.#writeLog = writeLog;
    this.#scrollback.append(readTail(logPath, SCROLLBACK_BYTES));
    this.#rotation = setInterval(() => this.#rotate(), ROTATE_INTERVAL_MS);
  }

  /** How many terminals are attached. */
  get terminals(): number {
    return this.#terminals.size;
  }

  /** Begins to accept terminals. */
  listen(): void {
    this.#listener = Deno.listen({ transport: "unix", path: this.#socketPath });
    Deno.chmodSync(this.#socketPath, 0o600);
    this.#accept(this.#listener);
  }

  /** Connects the guest's side, in place of one before; resolves when it has ended. */
  async connect(guest: ConsoleStream): Promise<void> {
    this.#guest?.close();
    this.#guest = guest;
    // What the hypervisor logged before this moment is scrollback too.
    if (!this.#writeLog) this.#scrollback.reset(readTail(this.#logPath, SCROLLBACK_BYTES));
    await this.#pump(guest);
  }

  /** Ends all: the terminals see the end of the stream. */
  close(): void {
    clearInterval(this.#rotation);
    this.#guest?.close();
    this.#guest = undefined;
    this.#listener?.close();
    this.#listener = undefined;
    for (const terminal of this.#terminals) terminal.finish();
    this.#log?.close();
    this.#log = undefined;
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    try {
      for await (const connection of listener) {
        const terminal = new Terminal(connection, () => this.#terminals.delete(terminal));
        this.#terminals.add(terminal);
        terminal.send(this.#scrollback.bytes());
        terminal.readInto((data) => this.#type(data));
      }
    } catch {
      // The listener was closed.
    }
  }

  async #pump(guest: ConsoleStream): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      while (true) {
        const count = await guest.read(buffer);
        if (count === null) break;
        this.#deliver(buffer.slice(0, count));
      }
    } catch {
      // The hypervisor ended, or this side was closed; the process's end is noticed elsewhere.
    }
  }

  #deliver(data: Uint8Array): void {
    this.#scrollback.append(data);
    if (this.#writeLog) this.#append(data);
    this.onOutput?.(data);
    for (const terminal of this.#terminals) terminal.send(data);
  }

  #append(data: Uint8Array): void {
    try {
      this.#log ??= Deno.openSync(this.#logPath, { append: true, create: true, mode: 0o600 });
      for (let done = 0; done < data.length;) done += this.#log.writeSync(data.subarray(done));
    } catch {
      // A full disk must not stop the console; the terminals still get the output.
    }
  }

  async #type(data: Uint8Array): Promise<void> {
    const guest = this.#guest;
    if (guest === undefined) return;
    try {
      for (let done = 0; done < data.length;) done += await guest.write(data.subarray(done));
    } catch {
      // The hypervisor ended.
    }
  }

  #rotate(): void {
    try {
      rotateLog(this.#logPath);
    } catch {
      // A full disk: tried again at the next look.
    }
  }
}

/** One attached terminal with its own queue, so that a slow one holds up nobody. */
class Terminal {
  readonly #connection: Deno.Conn;
  readonly #onClose: () => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing = false;
  #finishing = false;
  #closed = false;

  constructor(connection: Deno.Conn, onClose: () => void) {
    this.#connection = connection;
    this.#onClose = onClose;
  }

  send(data: Uint8Array): void {
    if (this.#closed || data.length === 0) return;
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#close();
    else if (!this.#writing) this.#drain();
  }

  /** Closes once the queue is written. */
  finish(): void {
    this.#finishing = true;
    if (!this.#writing) this.#close();
  }

  async readInto(sink: (data: Uint8Array) => Promise<void>): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      while (true) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        await sink(buffer.slice(0, count));
      }
    } catch {
      // The terminal went away without a goodbye.
    }
    this.#close();
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    try {
      for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
        for (let done = 0; done < data.length;) {
          done += await this.#connection.write(data.subarray(done));
        }
        this.#queuedBytes -= data.length;
      }
      if (this.#finishing) this.#close();
    } catch {
      this.#close();
    }
    this.#writing = false;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    try {
      this.#connection.close();
    } catch {
      // The other side's end closed it already.
    }
    this.#onClose();
  }
}
