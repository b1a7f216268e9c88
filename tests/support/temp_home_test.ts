import assert from "node:assert/strict";
import { isRunning, processesNaming } from "./processes.ts";
import { tempHome } from "./temp_home.ts";
import { waitFor } from "./wait_for.ts";

Deno.test("tempHome() makes a private folder and removes it", async () => {
  let path: string;
  {
    await using home = await tempHome();
    path = home.path;
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o700); // a mode exists on Linux and macOS
    await Deno.writeTextFile(`${path}/file`, "x");
    assert.ok(path.length <= 40, `${path} is too long for the sockets below it`);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("processes() finds a process by its environment and by its arguments", async () => {
  await using home = await tempHome();
  const byEnvironment = new Deno.Command("sleep", {
    args: ["60"],
    env: { COCOON_HOME: home.path },
  }).spawn();
  await Deno.writeTextFile(`${home.path}/log`, "");
  const byArgument = new Deno.Command("tail", { args: ["-f", `${home.path}/log`] }).spawn();
  const pids = await waitFor("both processes", () => {
    const found = home.processes().map((process) => process.pid);
    return found.includes(byEnvironment.pid) && found.includes(byArgument.pid) && found;
  });
  assert.ok(pids.length >= 2);
  assert.deepEqual(processesNaming(home.path.slice(0, -1)), [], "a longer name is another folder");
  for (const child of [byEnvironment, byArgument]) child.kill("SIGKILL");
  await Promise.all([byEnvironment.status, byArgument.status]);
  assert.equal(isRunning(byEnvironment.pid), false);
});

Deno.test("tempHome() fails the test that leaves a process behind, and ends it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ch-" });
  try {
    const support = new URL("./temp_home.ts", import.meta.url).href;
    await Deno.writeTextFile(
      `${directory}/leaves_test.ts`,
      `import { tempHome } from ${JSON.stringify(support)};
Deno.test("leaves a process", async () => {
  await using home = await tempHome();
  const child = new Deno.Command("sleep", { args: ["61"], env: { H: home.path } }).spawn();
  child.unref();
  console.log("PID=" + child.pid);
});
Deno.test("leaves a process and fails", async () => {
  await using home = await tempHome();
  new Deno.Command("sleep", { args: ["61"], env: { H: home.path } }).spawn().unref();
  throw new Error("the body's own error");
});
Deno.test("is clean", async () => {
  await using _home = await tempHome();
});
`,
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", `${directory}/leaves_test.ts`],
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 1, text);
    assert.match(text, /left behind by this test:\n {2}process \d+: \S*sleep 61/);
    assert.match(text, /the body's own error/);
    assert.match(text, /1 passed \| 2 failed/);
    const pid = Number(/PID=(\d+)/.exec(text)?.[1]);
    assert.ok(pid > 0);
    assert.equal(isRunning(pid), false);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
