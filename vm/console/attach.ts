/** A terminal on a machine's console; the other side is `ConsoleHub`. */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../context.ts";
import { DetachScanner } from "./detach.ts";

/** Why a terminal was detached. */
export type DetachReason = "escape" | "machine-ended" | "signal";

/**
 * Connects this process's terminal to the console until the user detaches or the machine ends.
 * The terminal is in raw mode meanwhile and always restored.
 *
 * `node:tty` and not `Deno.stdin`: a pending read of the latter keeps the process alive and
 * swallows the next bytes typed.
 * @throws {CocoonError} `usage` without a terminal, `conflict` when the machine does not run
 */
export async function attachTerminal(
  context: VmContext,
  record: MachineRecord,
  options: { escape: number; signal: AbortSignal; onAttached: () => void },
): Promise<DetachReason> {
  requireConsole(record);
  if (!Deno.stdin.isTerminal()) {
    throw new CocoonError("usage", "the console needs a terminal, and standard input is none", {
      hint: `To read only: cocoon vm logs -f ${record.name}`,
    });
  }
  const connection = await connect(context, record);
  const process = (await import("node:process")).default;
  const { stdin } = process;
  const result = Promise.withResolvers<DetachReason>();
  const scanner = new DetachScanner(options.escape);
  const onInput = (data: Uint8Array) => {
    const { forward, detach } = scanner.scan(data);
    if (forward.length > 0) {
      writeAll(connection, forward).catch(() => result.resolve("machine-ended"));
    }
    if (detach) result.resolve("escape");
  };
  const onAbort = () => result.resolve("signal");
  options.signal.addEventListener("abort", onAbort, { once: true });
  stdin.setRawMode(true);
  stdin.on("data", onInput);
  stdin.once("end", onAbort);
  try {
    options.onAttached();
    copyOut(connection).then(() => result.resolve("machine-ended"));
    return await result.promise;
  } finally {
    options.signal.removeEventListener("abort", onAbort);
    stdin.off("data", onInput);
    stdin.off("end", onAbort);
    stdin.setRawMode(false);
    stdin.destroy();
    connection.close();
  }
}

/** Some hypervisors only write what the guest says. */
function requireConsole(record: MachineRecord): void {
  if (record.run?.console.kind !== "log-only") return;
  throw new CocoonError(
    "usage",
    `backend "${record.spec.backend}" offers no console to type on; its output is in the log`,
    { hint: `cocoon vm logs -f ${record.name}` },
  );
}

async function connect(context: VmContext, record: MachineRecord): Promise<Deno.UnixConn> {
  try {
    const path = join(context.home.runDir(record.id), "console.sock");
    return await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw new CocoonError(
      "conflict",
      `machine "${record.name}": no console, it is ${record.state}`,
      { cause, hint: `Start it first: cocoon vm start ${record.name}` },
    );
  }
}

async function copyOut(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    while (true) {
      const count = await connection.read(buffer);
      if (count === null) return;
      for (let done = 0; done < count;) done += Deno.stdout.writeSync(buffer.subarray(done, count));
    }
  } catch {
    // Closed by this side after a detach, or by the supervisor's death.
  }
}

async function writeAll(connection: Deno.Conn, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length;) done += await connection.write(data.subarray(done));
}
