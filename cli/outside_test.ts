/** The real outside, seen from outside: in processes of their own. */
import assert from "node:assert/strict";
import { openTerminal } from "../tests/support/pty.ts";
import { waitFor } from "../tests/support/wait_for.ts";
import { SAME_PRESS_MS } from "./outside.ts";

/** A program with the real outside as `outside`. */
function program(body: string): string[] {
  const url = new URL("./outside.ts", import.meta.url);
  const code = `import { realOutside } from "${url}"; const outside = realOutside(); ${body}`;
  const module = `data:application/typescript,${encodeURIComponent(code)}`;
  return ["run", "-A", "--no-check", "--quiet", module];
}

function spawn(body: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: program(body),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Collects what is written; `all` resolves with it at the end. */
function collect(stream: ReadableStream<Uint8Array>): { text(): string; all: Promise<string> } {
  let text = "";
  const all = (async () => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) text += part;
    return text;
  })();
  return { text: () => text, all };
}

/** Waits for the abort, then takes its time to undo. */
const INTERRUPTIBLE = `
  outside.signal.addEventListener("abort", () => {
    const { code, message } = outside.signal.reason;
    outside.stdout("reason " + code + " " + message + "\\n");
    setTimeout(() => { outside.stdout("undone\\n"); Deno.exit(130); }, 1500);
  });
  outside.stdout("waiting\\n");
  setTimeout(() => Deno.exit(99), 20000);
`;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`realOutside() turns ${signal} into an abort`, async () => {
    await using child = spawn(INTERRUPTIBLE);
    const stdout = collect(child.stdout);
    await waitFor("the program", () => stdout.text() === "waiting\n");
    child.kill(signal);
    assert.equal(await stdout.all, "waiting\nreason interrupted interrupted\nundone\n");
    assert.equal((await child.status).code, 130);
    await child.stderr.cancel();
  });
}

Deno.test("realOutside() says on a second Ctrl-C that the undo is under way", async () => {
  await using terminal = await openTerminal([Deno.execPath(), ...program(INTERRUPTIBLE)]);
  await terminal.see("waiting");
  await terminal.type("\x03");
  await terminal.see("reason interrupted");
  // Quicker it would be the first one, passed on by a runner.
  await new Promise((resolve) => setTimeout(resolve, SAME_PRESS_MS + 100));
  await terminal.type("\x03");
  await terminal.see("cocoon: still undoing what was begun; it ends by itself");
  await terminal.see("undone");
  assert.equal(await terminal.exit, 130);
});

Deno.test("realOutside() leaves signals alone until its signal is asked for", async () => {
  await using child = spawn('outside.stdout("waiting\\n"); setTimeout(() => {}, 20000);');
  const stdout = collect(child.stdout);
  await waitFor("the program", () => stdout.text() === "waiting\n");
  child.kill("SIGINT");
  assert.equal((await child.status).signal, "SIGINT");
  await Promise.all([stdout.all, child.stderr.cancel()]);
});

Deno.test("realOutside().stdout() writes all of a long text into a slow pipe", async () => {
  await using child = spawn('outside.stdout("x".repeat(3_000_000));');
  let length = 0;
  for await (const chunk of child.stdout) {
    length += chunk.length;
    if (length < 500_000) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(length, 3_000_000);
  await child.stderr.cancel();
});

Deno.test("realOutside().stdout() throws OutputClosed when nobody reads", async () => {
  await using child = spawn(`
    try { for (;;) outside.stdout("x".repeat(100_000)); }
    catch (error) { outside.stderr(error.name); }
  `);
  await child.stdout.cancel();
  assert.equal(await new Response(child.stderr).text(), "OutputClosed");
});

Deno.test("realOutside().columns() is the width of the terminal, or unknown", async () => {
  const body = "outside.stdout(`columns ${outside.columns()} ${outside.isTerminal.stdout}\\n`);";
  await using wide = await openTerminal([Deno.execPath(), ...program(body)], { columns: 123 });
  await wide.see("columns 123 true");
  await using unsized = await openTerminal([Deno.execPath(), ...program(body)], { columns: 0 });
  await unsized.see("columns undefined true");
});
