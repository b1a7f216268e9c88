/** The REST server: its own few lines, one connection after the other. */
import { print } from "../vfkit_lib/log.ts";
import { errnoText } from "../vfkit_lib/go/path_error.ts";
import type { RestAddress } from "./values.ts";

/** What is read of a request, at most and at once. */
const REQUEST_BYTES = 4096;

/** The body ends with a NUL, and nothing tells its length. */
function answer(state: "Running" | "Stopping"): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    "HTTP/1.1 200 OK\r\nContent-type: application/json\r\n\r\n" +
      `{"state": "VirtualMachineState${state}"}\0`,
  );
}

/**
 * Serves in the background. An address that cannot be had ends that alone, and the machine runs on
 * without it. The socket is never removed.
 */
export function serve(address: RestAddress | undefined, pressPowerButton: () => void): void {
  if (address === undefined || address.scheme === "none") return;
  let listener: Deno.Listener;
  try {
    listener = listen(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    print(
      "thread '<unnamed>' panicked at src/context.rs:\n" +
        `called \`Result::unwrap()\` on an \`Err\` value: ${why}\n`,
    );
    return;
  }
  serveOneByOne(listener, pressPowerButton);
}

function listen(address: Exclude<RestAddress, { scheme: "none" }>): Deno.Listener {
  if (address.scheme === "tcp") {
    try {
      return Deno.listen({ hostname: address.hostname, port: address.port });
    } catch (error) {
      throw new Error(`Unable to bind to TCP listener: ${errnoText(error)}`);
    }
  }
  const { path } = address;
  try {
    if (Deno.lstatSync(path).isDirectory) throw new Deno.errors.IsADirectory(path);
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`failed to remove socket with error ${errnoText(error)}`);
    }
  }
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    throw new Error(`Unable to bind to unix socket: ${errnoText(error)}`);
  }
}

async function serveOneByOne(listener: Deno.Listener, press: () => void): Promise<void> {
  const buffer = new Uint8Array(REQUEST_BYTES);
  for await (const connection of listener) {
    try {
      // A client that says nothing keeps all others waiting.
      const count = await connection.read(buffer) ?? 0;
      const stop = new TextDecoder().decode(buffer.subarray(0, count)).includes("POST");
      await connection.write(answer(stop ? "Stopping" : "Running"));
      if (stop) press();
    } catch {
      // The client went away.
    } finally {
      connection.close();
    }
  }
}
