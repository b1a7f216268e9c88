import assert from "node:assert/strict";
import { cocoonEnv, cocoonOk, runCocoon, spawnCocoon } from "./cocoon.ts";
import { tempHome } from "./temp_home.ts";

Deno.test("runCocoon() gives the exit status and both outputs", async () => {
  await using home = await tempHome();
  const good = await runCocoon(home, ["version", "--output", "json"]);
  assert.equal(good.code, 0, good.stderr);
  assert.equal(typeof JSON.parse(good.stdout).version, "string");
  const bad = await runCocoon(home, ["no-such-command"]);
  assert.equal(bad.code, 2);
  assert.equal(bad.stdout, "");
  assert.match(bad.stderr, /no-such-command/);
});

Deno.test("cocoonOk() throws with the output of a command that fails", async () => {
  await using home = await tempHome();
  await assert.rejects(cocoonOk(home, ["no-such-command"]), /exit 2[^]*no-such-command/);
});

Deno.test("runCocoon() kills a command at its deadline", async () => {
  await using home = await tempHome();
  await assert.rejects(
    runCocoon(home, ["version"], { timeoutMs: 1 }),
    /cocoon version: no end within 1 ms; it was killed/,
  );
});

Deno.test("spawnCocoon() lets a test kill the command", async () => {
  await using home = await tempHome();
  const command = spawnCocoon(home, ["version"]);
  command.kill("SIGKILL");
  assert.equal((await command.result).code, 137);
});

Deno.test("cocoonEnv() keeps the caller's own COCOON variables out", () => {
  Deno.env.set("COCOON_CONFIG", "/nowhere.toml");
  try {
    const env = cocoonEnv({ path: "/home-of-the-test" }, { COCOON_BACKEND: "qemu" });
    assert.deepEqual(Object.entries(env).filter(([name]) => name.startsWith("COCOON_")).sort(), [
      ["COCOON_BACKEND", "qemu"],
      ["COCOON_HOME", "/home-of-the-test"],
      ["COCOON_QEMU_ACCELERATOR", "tcg"],
    ]);
  } finally {
    Deno.env.delete("COCOON_CONFIG");
  }
});
