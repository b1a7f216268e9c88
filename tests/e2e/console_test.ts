import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonArgv, cocoonEnv, cocoonOk, runCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  kill9,
  only,
  supervisors,
  WAIT_SSH,
} from "../support/machines.ts";
import { openTerminal, type Terminal } from "../support/pty.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

/** `cocoon vm console ARGS` on a terminal, once it is connected. */
async function attach(home: TempHome, args: string[]): Promise<Terminal> {
  const terminal = await openTerminal(cocoonArgv(["vm", "console", ...args]), {
    env: cocoonEnv(home),
  });
  await terminal.see("Connected to web.");
  return terminal;
}

/**
 * Types a command whose output differs from what was typed, as the guest echoes that too.
 * @returns what the other terminals must see as well
 */
async function say(terminal: Terminal, word: string): Promise<string> {
  await terminal.type(`echo ${word}-$((6*7))\r`);
  const said = `${word}-42`;
  await terminal.see(said);
  return said;
}

Deno.test("vm console serves terminals side by side, detaches, and shows what they missed", async (t) => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["run", "--name", "web", ...boot, ...WAIT_SSH]);

  await t.step("two terminals see the boot and each other's typing", async () => {
    await using first = await attach(home, ["web"]);
    await first.see("small: ready up");
    const early = await say(first, "first");
    await using second = await attach(home, ["web"]);
    // Scrollback: what was said before this one came.
    await second.see(early);
    await first.see(await say(second, "second"));
    await second.see(await say(first, "third"));

    await first.type("\x1d.");
    assert.equal(await first.exit, 0);
    assert.match(first.output(), /\r\nDisconnected from web\.\r?\n$/);
    // The other one stays, and Ctrl-C reaches the guest and not cocoon.
    await second.type("sleep 1000\r");
    await second.see("sleep 1000");
    await second.type("\x03");
    const last = await say(second, "interrupted");
    await second.type("\x1d.");
    assert.equal(await second.exit, 0);

    await using again = await attach(home, ["web"]);
    await again.see(last);
    assert.ok(again.output().includes("third-42"));
    await again.type("\x1d.");
    assert.equal(await again.exit, 0);
  });

  await t.step("the terminal is as it was before, also after a signal", async () => {
    const shell = 'before=$(stty -g); "$@"; test "$before" = "$(stty -g)" && echo same-settings';
    for (const end of ["escape", "signal"] as const) {
      const argv = cocoonArgv(["vm", "console", "web"]);
      await using terminal = await openTerminal(["sh", "-c", shell, "sh", ...argv], {
        env: cocoonEnv(home),
      });
      await terminal.see("Connected to web.");
      if (end === "escape") await terminal.type("\x1d.");
      else {
        const console_ = home.processes().find(({ command }) => command.endsWith("vm console web"));
        assert.ok(console_ !== undefined);
        // The shell's own command line ends so too; the program's begins with Deno's path.
        const own = home.processes().filter(({ command }) =>
          command.startsWith(`${Deno.execPath()} `) && command.endsWith("vm console web")
        );
        Deno.kill(only(own.map(({ pid }) => pid)), "SIGTERM");
      }
      await terminal.see("same-settings");
    }
  });

  await t.step("--escape-char sets another sequence, and Ctrl-] then is the guest's", async () => {
    await using terminal = await attach(home, ["--escape-char", "^a", "web"]);
    await terminal.type("\x1d.");
    await terminal.type("\x15");
    await say(terminal, "still");
    await terminal.type("\x01.");
    assert.equal(await terminal.exit, 0);
    const wrong = await runCocoon(home, ["vm", "console", "--escape-char", "ab", "web"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--escape-char "ab": no usable character\nhint: /);
  });

  await t.step("without a terminal the command says what to use instead", async () => {
    const { code, stdout, stderr } = await runCocoon(home, ["vm", "console", "web"]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      "cocoon: the console needs a terminal, and standard input is none\n" +
        "hint: To read only: cocoon vm logs -f web\n",
    );
  });

  await t.step("a supervisor that dies is replaced, with all of the scrollback", async () => {
    await kill9(only(supervisors(home)));
    await using terminal = await attach(home, ["web"]);
    await terminal.see("third-42");
    await say(terminal, "adopted");
    only(supervisors(home));
    await terminal.type("\x1d.");
    assert.equal(await terminal.exit, 0);
  });

  await t.step("the terminals are let go when the machine ends", async () => {
    await using terminal = await attach(home, ["web"]);
    await cocoonOk(home, ["vm", "stop", "web"]);
    await terminal.see("The console of web has ended.");
    assert.equal(await terminal.exit, 0);
    const off = await runCocoon(home, ["vm", "console", "web"]);
    assert.equal(off.code, 2);
    await using late = await openTerminal(cocoonArgv(["vm", "console", "web"]), {
      env: cocoonEnv(home),
    });
    await late.see('machine "web": no console, it is stopped');
    assert.equal(await late.exit, 4);
  });

  await cocoonOk(home, ["vm", "rm", "web"]);
  await assertNothingLeft(home);
});
