/** A client of QEMU's QMP on the pipes of its standard input and output. */

/** Something that QEMU reports by itself. */
export interface MonitorEvent {
  event: string;
  data?: Record<string, unknown>;
}

type Answer = { return?: unknown; error?: { desc: string }; id?: number };

/** Commands and events. */
export class Monitor {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #greeting = Promise.withResolvers<void>();
  #lastId = 0;
  /** Resolves when QEMU has closed its end and everything that it said was read. */
  readonly closed: Promise<void>;

  constructor(
    child: Deno.ChildProcess,
    private readonly onEvent: (event: MonitorEvent) => void,
  ) {
    this.#writer = child.stdin.getWriter();
    this.closed = this.#read(child.stdout);
    // Who waits for it sees the failure; nobody need.
    this.#greeting.promise.catch(() => {});
  }

  async #read(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let text = "";
    try {
      for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (text + part).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) if (line.trim() !== "") this.#take(JSON.parse(line));
      }
    } finally {
      const gone = new Error("QEMU has ended");
      this.#greeting.reject(gone);
      for (const { reject } of this.#pending.values()) reject(gone);
    }
  }

  #take(message: Answer & Partial<MonitorEvent> & { QMP?: unknown }): void {
    if (message.QMP !== undefined) return this.#greeting.resolve();
    if (message.event !== undefined) return this.onEvent({ ...message, event: message.event });
    const pending = this.#pending.get(message.id ?? -1);
    this.#pending.delete(message.id ?? -1);
    if (message.error) pending?.reject(new Error(message.error.desc));
    else pending?.resolve(message.return);
  }

  /** Waits for the greeting and leaves the negotiation. */
  async open(): Promise<void> {
    await this.#greeting.promise;
    await this.execute("qmp_capabilities");
  }

  async execute(command: string): Promise<unknown> {
    const id = ++this.#lastId;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    const line = JSON.stringify({ execute: command, id }) + "\n";
    this.#writer.write(new TextEncoder().encode(line)).catch(pending.reject);
    return await pending.promise;
  }
}
