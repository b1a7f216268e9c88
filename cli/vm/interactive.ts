import { EXIT_CODES } from "../../errors/error.ts";
import type { Context } from "../context.ts";

/**
 * Runs a program on this process's own terminal and streams, to its end; its exit status is the
 * command's, or 130 when it ended by an interrupt. Interrupts reach the program by the terminal and are its own to handle.
 */
export async function runInteractive(
  context: Context,
  argv: readonly [string, ...string[]],
): Promise<number> {
  // Asking for the signal installs cocoon's handlers, so that Ctrl-C does not end cocoon first.
  const { signal } = context;
  const child = new Deno.Command(argv[0], {
    args: argv.slice(1),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const pass = () => {
    try {
      child.kill("SIGTERM");
    } catch { /* it has ended */ }
  };
  // Ctrl-C reaches the program by itself; a SIGTERM was sent to cocoon alone.
  signal.addEventListener("abort", pass, { once: true });
  const { code } = await child.status;
  signal.removeEventListener("abort", pass);
  // How the program took our SIGTERM is its own affair; the user has interrupted cocoon.
  return signal.aborted && code !== 0 ? EXIT_CODES.interrupted : code;
}
