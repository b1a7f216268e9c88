import { CocoonError } from "../../errors/error.ts";
import type { ConsoleEndpoint, Control } from "../../plugins/contract.ts";
import type { ConsoleStream } from "./console_hub.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const CONNECT_POLL_MS = 5;
/** Milliseconds between two tries to write to a terminal that is full. */
const WRITE_POLL_MS = 10;

/**
 * Opens the guest's console. Undefined when there is nothing to connect to: its output goes to
 * the log only.
 * @throws {CocoonError} `failed` when the hypervisor does not offer it within 5 s
 */
export async function openConsole(
  endpoint: ConsoleEndpoint,
  control: Control,
): Promise<ConsoleStream | undefined> {
  switch (endpoint.kind) {
    case "log-only":
      return undefined;
    case "socket":
      return await connect(endpoint.path);
    case "pty": {
      if (control.consolePath === undefined) {
        throw new TypeError("a console of kind pty needs control.consolePath");
      }
      return await openTerminal(await control.consolePath(CONNECT_TIMEOUT_MS));
    }
  }
}

async function connect(path: string): Promise<ConsoleStream> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  while (true) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (cause) {
      const later = cause instanceof Deno.errors.NotFound ||
        cause instanceof Deno.errors.ConnectionRefused;
      if (!later || performance.now() >= deadline) {
        throw new CocoonError(
          "failed",
          `${path}: the console cannot be reached: ${String(cause)}`,
          {
            cause,
          },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, CONNECT_POLL_MS));
    }
  }
}

/**
 * A pseudo terminal as a byte stream, by `node:tty`: a `Deno.FsFile` on a terminal blocks a thread
 * in every read, and closing it swallows the next bytes. It is written to by a descriptor that
 * never blocks: a guest that does not read would else hold up its own output, and so itself.
 */
async function openTerminal(path: string): Promise<ConsoleStream> {
  const fs = await import("node:fs");
  const tty = await import("node:tty");
  const { makeRaw } = await import("../../native/raw_terminal.ts");
  // Not `fs.writeSync`: that goes on after a part, and then forgets it when the terminal is full.
  const { writeFile } = await import("../../native/libc.ts");
  const { O_RDWR, O_WRONLY, O_NOCTTY, O_NONBLOCK } = fs.constants;
  const output = fs.openSync(path, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  const input = new tty.ReadStream(fs.openSync(path, O_RDWR | O_NOCTTY));
  makeRaw(output);
  let closed = false;
  const iterator = input[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  return {
    async read(buffer) {
      if (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return null;
        rest = next.value as Uint8Array; // A stream without an encoding yields bytes.
      }
      const count = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(data) {
      const bytes = Uint8Array.from(data);
      while (!closed) {
        try {
          return writeFile(output, bytes);
        } catch (error) {
          // The terminal is full until the guest reads.
          if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, WRITE_POLL_MS));
      }
      throw new CocoonError("failed", `${path}: the console was closed`);
    },
    close() {
      if (closed) return;
      closed = true;
      input.destroy();
      fs.closeSync(output);
    },
  };
}
