/** Plugins that do harm while they are loaded. */
import assert from "node:assert/strict";
import { spawnCocoon } from "../tests/support/cocoon.ts";
import { type TempHome, tempHome } from "../tests/support/temp_home.ts";
import { loadUserPlugin } from "./user_plugin.ts";

const HANGS = "await new Promise(() => {});";

async function withPlugin(
  text: string,
  body: (path: string, home: TempHome) => Promise<void>,
): Promise<void> {
  await using home = await tempHome();
  const path = `${home.path}/plugin.ts`;
  await Deno.writeTextFile(path, text);
  await Deno.writeTextFile(
    `${home.path}/config.toml`,
    `network = "wire"\n[networks.wire]\nprovider = "wire"\n` +
      `[plugins.wire]\nkind = "network"\npath = "plugin.ts"\n`,
  );
  await body(path, home);
}

const asPlugin = (path: string) => ({ name: "wire", kind: "network" as const, path });

Deno.test("loadUserPlugin() gives up a module that does not end, the second time at once", () =>
  withPlugin(HANGS, async (path) => {
    // In a process of its own: a module that hangs is never rid of.
    const script = `
      import { loadUserPlugin } from "${import.meta.resolve("./user_plugin.ts")}";
      const plugin = ${JSON.stringify(asPlugin(path))};
      const told = () => loadUserPlugin(plugin, 300).catch((e) => console.log(e.code, e.message));
      await told();
      const began = performance.now();
      await told();
      console.log(performance.now() - began < 200);
      await new Promise((resolve) => setTimeout(resolve, 0));
      Deno.exit(9);`;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      stderr: "inherit",
    }).output();
    assert.equal(code, 9);
    const line = `failed plugin "wire" (${path}): cannot be loaded: it has not ended after 0.3 s\n`;
    assert.equal(new TextDecoder().decode(stdout), `${line}${line}true\n`);
  }));

for (
  const text of [
    "Deno.exit(0);",
    "process.exit(0);",
    'import { exit } from "node:process"; exit(0);',
  ]
) {
  Deno.test(`loadUserPlugin() survives ${text}`, () =>
    withPlugin(text, async (path) => {
      const { exit } = Deno;
      await assert.rejects(loadUserPlugin(asPlugin(path)), {
        code: "failed",
        message: `plugin "wire" (${path}): cannot be loaded: it calls exit() while it is loaded`,
      });
      assert.equal(Deno.exit, exit);
    }));
}

Deno.test("cocoon fails when a plugin exits while it is loaded", () =>
  withPlugin("Deno.exit(0);", async (path, home) => {
    const { code, stderr } = await spawnCocoon(home, ["config", "check"]).result;
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(`plugin "wire" (${path}): cannot be loaded: it calls exit()`));
  }));

Deno.test("cocoon asks no registry for what a plugin imports, and says where it does", () =>
  withPlugin('import "npm:left-pad@1.3.0";', async (path, home) => {
    const { code, stderr } = await spawnCocoon(home, ["config", "check"]).result;
    assert.equal(code, 2, stderr);
    assert.ok(stderr.startsWith(`${path}:1:8: plugin "wire" (${path}): imports "npm:`), stderr);
    assert.doesNotMatch(stderr, /Download|internal error/);
  }));

for (const text of [HANGS, "while (true);"]) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.test(`${signal} ends a command that listens to it and loads a plugin with ${text}`, () =>
      withPlugin(`console.log("loading"); ${text}`, async (path) => {
        const script = `
          import { realOutside } from "${import.meta.resolve("../cli/outside.ts")}";
          import { loadUserPlugin } from "${import.meta.resolve("./user_plugin.ts")}";
          realOutside().signal;
          await loadUserPlugin(${JSON.stringify(asPlugin(path))});`;
        const child = new Deno.Command(Deno.execPath(), {
          args: ["eval", "--no-check", script],
          stdout: "piped",
        }).spawn();
        const deadline = setTimeout(() => child.kill("SIGKILL"), 10_000);
        const reader = child.stdout.getReader();
        await reader.read();
        child.kill(signal);
        assert.equal((await child.status).signal, signal);
        clearTimeout(deadline);
        await reader.cancel();
      }));
  }
}

Deno.test("a signal is an abort again when the plugin has been loaded", () =>
  withPlugin("export default {};", async (path) => {
    const script = `
      import { realOutside } from "${import.meta.resolve("../cli/outside.ts")}";
      import { loadUserPlugin } from "${import.meta.resolve("./user_plugin.ts")}";
      const { signal } = realOutside();
      await loadUserPlugin(${JSON.stringify(asPlugin(path))});
      Deno.kill(Deno.pid, "SIGTERM");
      setTimeout(() => Deno.exit(signal.aborted ? 9 : 1), 200);`;
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
    }).output();
    assert.equal(code, 9);
  }));
