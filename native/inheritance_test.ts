import assert from "node:assert/strict";

Deno.test("spawnDetached() gives its child no descriptor that cocoon was given itself", async () => {
  const folder = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const script = `
      import { spawnDetached } from "${import.meta.resolve("../host/process.ts")}";
      const child = await spawnDetached(["sh", "-c", "ls /proc/self/fd > ${folder}/fds"], {
        logPath: "${folder}/log",
      });
      await new Promise((resolve) => child.once("exit", resolve));`;
    // 200 is a shell's lock file, as in `exec 200>lock; flock 200`.
    const { success } = await new Deno.Command("bash", {
      args: [
        "-c",
        `exec 200>${folder}/lock; exec "$@"`,
        "bash",
        Deno.execPath(),
        "eval",
        "--no-check",
        script,
      ],
      stderr: "inherit",
    }).output();
    assert(success);
    const inherited = (await Deno.readTextFile(`${folder}/fds`)).trim().split("\n");
    assert(!inherited.includes("200"), `${inherited}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
