import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { describeHolders } from "./holders.ts";

Deno.test("describeHolders() names the program that has a file open, and nobody else", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/disk`;
  await Deno.writeTextFile(path, "x");
  const other = new Deno.Command("tail", {
    args: ["-f", path],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    // Its first output says that it has the file open.
    const reader = other.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    using _own = await Deno.open(path);
    assert.deepEqual(await describeHolders(realHost(), [path, `${folder}/none`]), [
      `${path} is open in tail (process ${other.pid})`,
    ]);
    const silent = { run: () => Promise.reject(new Error("no ps")) };
    assert.deepEqual(await describeHolders(silent, [path]), [
      `${path} is open in process ${other.pid}`,
    ]);
  } finally {
    other.kill("SIGKILL");
    await other.stdout.cancel();
    await other.status;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("describeHolders() says nothing of a file that nobody has open", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/disk`, "");
    assert.deepEqual(await describeHolders(realHost(), [`${folder}/disk`]), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
