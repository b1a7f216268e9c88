import assert from "node:assert/strict";
import { openTerminal } from "./pty.ts";

Deno.test("openTerminal() gives a command a terminal of the asked size", async () => {
  await using terminal = await openTerminal(
    ["sh", "-c", 'stty size; test -t 0 && test -t 1 && echo "it\'s a terminal"; exit 7'],
    { rows: 33, columns: 101 },
  );
  await terminal.see("33 101");
  await terminal.see("it's a terminal");
  assert.equal(await terminal.exit, 7);
});

Deno.test("type() reaches the command, and Ctrl-C interrupts it", async () => {
  await using terminal = await openTerminal(["sh", "-c", "read line; echo got:$line:; sleep 60"]);
  await terminal.type("hello\r");
  await terminal.see(/got:hello:\r\n/);
  await terminal.type("\x03");
  assert.equal(await terminal.exit, 130);
});

Deno.test({
  name: "resize() tells the command",
  // BSD stty has no -F; consoles on macOS are looked at by hand.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using terminal = await openTerminal(
      ["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"],
    );
    await terminal.see("ready");
    await terminal.resize(40, 120);
    await terminal.see("40 120");
  },
});

Deno.test("see() fails at its deadline with what the screen has", async () => {
  await using terminal = await openTerminal(["sh", "-c", "echo something; sleep 60"]);
  await terminal.see("something");
  await assert.rejects(
    terminal.see("else", { timeoutMs: 100 }),
    /else on the screen: did not come within 100 ms; .*something/,
  );
});
