/**
 * A command on a pseudo terminal, for tests of consoles and of everything that asks whether there
 * is a terminal. The terminal is made by `script` (bsdutils, part of every Debian; macOS has its
 * own), so that the code under test meets a real one.
 */
import { isRunning, killProcess } from "./processes.ts";
import { waitFor } from "./wait_for.ts";

/** Options of {@linkcode openTerminal}. */
export interface TerminalOptions {
  /** The whole environment of the command; without it, this process's own. */
  env?: Record<string, string>;
  cwd?: string;
  /** @default {24} */
  rows?: number;
  /** @default {80} */
  columns?: number;
}

/** A command that runs on a terminal. */
export interface Terminal extends AsyncDisposable {
  /** Process id of the command itself. */
  readonly pid: number;
  /** Everything that came to the screen, escape sequences included. */
  output(): string;
  /** Types text; `\r` is the Enter key, `\x03` Ctrl-C. */
  type(text: string): Promise<void>;
  /** Waits until the screen's output from `from` on has `wanted`; gives the offset after it. */
  see(wanted: string | RegExp, options?: { timeoutMs?: number; from?: number }): Promise<number>;
  /** Changes the window's size; the command gets SIGWINCH. Linux only. */
  resize(rows: number, columns: number): Promise<void>;
  /** Exit status of the command; 128 + the signal's number when one ended it. */
  readonly exit: Promise<number>;
}

/** Starts `argv` on a new terminal. */
export async function openTerminal(
  argv: readonly [string, ...string[]],
  options: TerminalOptions = {},
): Promise<Terminal> {
  const directory = await Deno.makeTempDir({ prefix: "cpty-" });
  const { rows = 24, columns = 80 } = options;
  // The shell tells which terminal and process it got, sets the size, and becomes the command.
  const inner = `stty rows ${rows} cols ${columns}; tty >${quote(`${directory}/tty`)}; ` +
    `echo $$ >${quote(`${directory}/pid.new`)}; ` +
    `mv ${quote(`${directory}/pid.new`)} ${quote(`${directory}/pid`)}; ` +
    `exec ${argv.map(quote).join(" ")}`;
  const args = Deno.build.os === "darwin"
    ? ["-q", "/dev/null", "/bin/sh", "-c", inner]
    : ["--quiet", "--return", "--flush", "--command", inner, "/dev/null"];
  const child = new Deno.Command("script", {
    args,
    ...(options.env === undefined ? {} : { clearEnv: true }),
    // `script` runs its command through $SHELL.
    env: { ...options.env, SHELL: "/bin/sh", TERM: options.env?.["TERM"] ?? "xterm" },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();

  let screen = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) screen += text;
  })();
  const keyboard = child.stdin.getWriter();
  const encoder = new TextEncoder();
  const pid = await waitFor("the command on the terminal", async () => {
    return Number(await Deno.readTextFile(`${directory}/pid`)) || undefined;
  });
  const tty = (await Deno.readTextFile(`${directory}/tty`)).trim();

  return {
    pid,
    output: () => screen,
    type: (text) => keyboard.write(encoder.encode(text)),
    see(wanted, { timeoutMs = 30_000, from = 0 } = {}) {
      return waitFor(`${wanted} on the screen`, () => {
        const after = endOf(wanted, screen, from);
        if (after === undefined) throw new Error(`the screen has ${JSON.stringify(screen)}`);
        return after;
      }, { timeoutMs });
    },
    async resize(newRows, newColumns) {
      const size = ["rows", String(newRows), "cols", String(newColumns)];
      const { success } = await new Deno.Command("stty", { args: ["-F", tty, ...size] }).output();
      if (!success) throw new Error(`stty: cannot set the size of ${tty}`);
    },
    exit: child.status.then((status) => status.code),
    async [Symbol.asyncDispose]() {
      if (isRunning(pid)) killProcess(pid);
      await child.status;
      await reading;
      await keyboard.abort().catch(() => {/* its reader is gone */});
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Offset after the first match at or after `from`. */
function endOf(wanted: string | RegExp, text: string, from: number): number | undefined {
  if (typeof wanted === "string") {
    const at = text.indexOf(wanted, from);
    return at < 0 ? undefined : at + wanted.length;
  }
  const match = wanted.exec(text.slice(from));
  return match === null ? undefined : from + match.index + match[0].length;
}

/** A word for a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
