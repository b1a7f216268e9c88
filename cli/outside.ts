import { CocoonError } from "../errors/error.ts";
import { addPrecaution } from "../host/foreign_code.ts";
import { realHost } from "../host/host.ts";
import type { Outside } from "./context.ts";

/** Standard output has no reader any more, for example behind `| head -1`. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Signals that ask cocoon to undo what it has begun and to end. */
const INTERRUPTS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The real outside of this process. Making it costs nothing; each part is touched when used. */
export function realOutside(): Outside {
  let signal: AbortSignal | undefined;
  return {
    host: realHost(),
    stdout: (text) => {
      if (!writeAll(Deno.stdout, text)) throw new OutputClosed("standard output is closed");
    },
    stderr: (text) => void writeAll(Deno.stderr, text),
    stdin: () => Deno.stdin.readable,
    isTerminal: {
      get stdin() {
        return Deno.stdin.isTerminal();
      },
      get stdout() {
        return Deno.stdout.isTerminal();
      },
      get stderr() {
        return Deno.stderr.isTerminal();
      },
    },
    columns,
    get signal() {
      return signal ??= interruptSignal((text) => void writeAll(Deno.stderr, text));
    },
  };
}

/** Writes to the end (`writeSync` may take a part only); false when there is no reader any more. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  try {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

function columns(): number | undefined {
  try {
    const { columns } = Deno.consoleSize();
    // A pty that nobody has sized (`expect`, some CI) says 0.
    return columns > 0 ? columns : undefined;
  } catch {
    return undefined; // no terminal
  }
}

/**
 * Milliseconds within which a second signal is the first one once more: runners such as npx pass on
 * the Ctrl-C that the terminal has sent to cocoon too.
 */
export const SAME_PRESS_MS = 500;

/**
 * Turns the first interrupt into an abort. Later ones only say that the undo is under way: ending
 * in the middle of it is what they would otherwise do.
 */
function interruptSignal(tell: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt < SAME_PRESS_MS) return;
      tell("cocoon: still undoing what was begun; it ends by itself\n");
      return;
    }
    firstAt = performance.now();
    controller.abort(new CocoonError("interrupted", "interrupted"));
  };
  const listen = () => INTERRUPTS.forEach((name) => Deno.addSignalListener(name, interrupt));
  const ignore = () => INTERRUPTS.forEach((name) => Deno.removeSignalListener(name, interrupt));
  listen();
  // A plugin that hangs while it is loaded may leave no turn to a listener: then a signal does what
  // it does by itself, and ends the process. Like any kill, the next command makes up for it.
  addPrecaution({ before: ignore, after: listen });
  return controller.signal;
}
