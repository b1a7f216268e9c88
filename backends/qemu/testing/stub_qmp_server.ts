/** A QMP server whose words a test decides, on a real Unix socket. For tests only. */

/** What QEMU 7.2 sends first. */
export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "stub"}, ' +
  '"capabilities": ["oob"]}}\r\n';

/** One received command. */
export interface StubCommand {
  execute: string;
  arguments?: Record<string, unknown>;
  id: number;
}

/** The server's side of one connection. */
export interface StubConnection {
  /** Sends the text as it is. */
  send(text: string): Promise<void>;
  /** Sends a success answer to a command. */
  answer(command: StubCommand, value?: unknown): Promise<void>;
  /** Sends an error answer to a command. */
  refuse(command: StubCommand, description: string, errorClass?: string): Promise<void>;
  close(): void;
}

/** How the server behaves. */
export interface StubOptions {
  /** Sent on connect; `undefined` = nothing is ever sent unasked. @default {GREETING} */
  greeting?: string | undefined;
  /** Called for each command besides `qmp_capabilities`; by default answers `{}`. */
  onCommand?(command: StubCommand, connection: StubConnection): void | Promise<void>;
}

/** A running stub; one connection after another, as QEMU does. */
export class StubQmpServer implements AsyncDisposable {
  readonly path: string;
  /** Every command that came, in order, `qmp_capabilities` included. */
  readonly received: StubCommand[] = [];
  /** Connections that were accepted. */
  connections = 0;
  readonly #directory: string;
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<Deno.UnixConn>();
  readonly #done: Promise<void>;
  readonly #options: StubOptions;

  constructor(options: StubOptions = {}) {
    this.#options = options;
    this.#directory = Deno.makeTempDirSync({ prefix: "qmp-" });
    this.path = `${this.#directory}/qmp.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#done = this.#serve();
  }

  async #serve(): Promise<void> {
    while (true) {
      let connection: Deno.UnixConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        return; // the listener was closed
      }
      this.connections++;
      this.#open.add(connection);
      await this.#talk(connection).catch(() => {}); // the client went away
      this.#open.delete(connection);
      close(connection);
    }
  }

  async #talk(connection: Deno.UnixConn): Promise<void> {
    const side: StubConnection = {
      send: async (text) => {
        const bytes = new TextEncoder().encode(text);
        let offset = 0;
        while (offset < bytes.length) offset += await connection.write(bytes.subarray(offset));
      },
      answer: ({ id }, value = {}) => side.send(`${JSON.stringify({ return: value, id })}\r\n`),
      refuse: ({ id }, desc, errorClass = "GenericError") =>
        side.send(`${JSON.stringify({ error: { class: errorClass, desc }, id })}\r\n`),
      close: () => close(connection),
    };
    const greeting = "greeting" in this.#options ? this.#options.greeting : GREETING;
    if (greeting !== undefined) await side.send(greeting);
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    for (let n; (n = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
      for (let end; (end = text.indexOf("\n")) >= 0;) {
        const command: StubCommand = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        this.received.push(command);
        if (command.execute === "qmp_capabilities") await side.answer(command);
        else if (this.#options.onCommand) await this.#options.onCommand(command, side);
        else await side.answer(command);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#done;
    await Deno.remove(this.#directory, { recursive: true });
  }
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch { /* closed already */ }
}
