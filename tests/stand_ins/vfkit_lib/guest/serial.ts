/** Relays serial ports: QEMU connects to us, and we are the terminal's other end. */
import type { Pty } from "../framework/hardware.ts";
import { unreadBytes, writeSome } from "../libc.ts";

/** Takes one connection on a port of 127.0.0.1, and gives it to `relay`. */
function listenOnce(relay: (connection: Deno.TcpConn) => Promise<unknown>): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    const connection = await listener.accept();
    listener.close();
    await relay(connection);
  };
  // The connection ends with QEMU, and this process after it.
  serve().catch(() => {});
  return listener.addr.port;
}

/**
 * Our standard input and output. QEMU's own are taken by its monitor, and this process writes to
 * the same output: the access log stands between the guest's lines.
 * @returns the port
 */
export function relayStdio(): number {
  return listenOnce((connection) =>
    Promise.all([
      Deno.stdin.readable.pipeTo(connection.writable),
      connection.readable.pipeTo(Deno.stdout.writable, { preventClose: true }),
    ])
  );
}

/** How much waits on a terminal at most. Linux has room for 64 KiB, macOS for much less. */
const TERMINAL_BYTES = 3072;
const PIECE_BYTES = 1024;

/** How often a full terminal is looked at, and after how long the guest has to wait for it. */
const LOOK_MS = 5;
const PATIENCE_MS = 100;

/**
 * A pseudo terminal. QEMU would throw away what a guest writes to a full one; here the guest waits
 * until somebody reads, which is what makes a Mac's guest hang at its boot when nobody does.
 *
 * @param hold stops the guest, or lets it go on
 * @returns the port
 */
export async function relayPty(pty: Pty, hold: (held: boolean) => void): Promise<number> {
  const { ReadStream } = await import("node:tty");
  return listenOnce(async (connection) => {
    const typed = new ReadStream(pty.master);
    const writer = connection.writable.getWriter();
    typed.on("data", (data: Uint8Array) => void writer.write(data).catch(() => {}));
    for await (const chunk of connection.readable) await toTerminal(pty, chunk, hold);
  });
}

async function toTerminal(
  { master, slave }: Pty,
  chunk: Uint8Array<ArrayBuffer>,
  hold: (held: boolean) => void,
): Promise<void> {
  let waitedMs = 0;
  for (let at = 0; at < chunk.length;) {
    const written = unreadBytes(slave) < TERMINAL_BYTES
      ? writeSome(master, chunk.subarray(at, at + PIECE_BYTES))
      : 0;
    at += written;
    if (written > 0) {
      if (waitedMs >= PATIENCE_MS) hold(false);
      waitedMs = 0;
      continue;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    waitedMs += LOOK_MS;
    if (waitedMs === PATIENCE_MS) hold(true);
  }
}
