/** The QEMU under a hypervisor's stand-in. */

/**
 * Starts it. It has a session of its own, as a Mac's guest process is nobody's child, and the
 * kernel kills it when we die. Its monitor is on its standard input and output.
 * @param logPath its command line is appended
 */
export function spawnQemu(argv: readonly string[], logPath?: string): Deno.ChildProcess {
  if (logPath !== undefined) {
    Deno.writeTextFileSync(logPath, `${argv.join(" ")}\n`, { append: true });
  }
  return new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", ...argv],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
}

/** What it says until its end, or the last of that; all of it is appended to `logPath`. */
export async function collect(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
  logPath?: string,
): Promise<string> {
  let all = "";
  for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
    all = (all + text).slice(-4096);
    if (logPath !== undefined) await Deno.writeTextFile(logPath, text, { append: true });
  }
  return all.trim();
}
