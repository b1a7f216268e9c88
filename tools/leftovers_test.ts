import assert from "node:assert/strict";
import { isRunning } from "../tests/support/processes.ts";
import { waitFor } from "../tests/support/wait_for.ts";
import { clearLeftovers, findLeftovers, makeRunFolder, mountsBelow } from "./leftovers.ts";

Deno.test("findLeftovers() names nothing after a clean run", async () => {
  const folder = await makeRunFolder();
  try {
    assert.deepEqual(await findLeftovers(folder), []);
  } finally {
    await clearLeftovers(folder);
  }
  await assert.rejects(Deno.stat(folder.path), Deno.errors.NotFound);
});

Deno.test("findLeftovers() names processes and files, and clearLeftovers() ends them", async () => {
  const folder = await makeRunFolder();
  await Deno.writeTextFile(`${folder.path}/disk.raw`, "");
  const child = new Deno.Command("sleep", { args: ["60"], env: { TMPDIR: folder.path } }).spawn();
  const left = await findLeftovers(folder);
  assert.equal(left.length, 2, left.join("\n"));
  assert.match(left[0] ?? "", new RegExp(`^process ${child.pid}: \\S*sleep 60$`));
  assert.equal(left[1], `file ${folder.path}/disk.raw`);
  await clearLeftovers(folder);
  await child.status;
  assert.equal(isRunning(child.pid), false);
  await assert.rejects(Deno.stat(folder.path), Deno.errors.NotFound);
});

Deno.test({
  name: "findLeftovers() names mounts, and clearLeftovers() undoes them",
  // Who may not mount cannot leave a mount behind either.
  ignore: !mayMount(),
  async fn() {
    const folder = await makeRunFolder();
    const point = `${folder.path}/a point`;
    await Deno.mkdir(point);
    const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "none", point] })
      .output();
    try {
      assert.ok(mount.success, new TextDecoder().decode(mount.stderr));
      assert.ok((await findLeftovers(folder)).includes(`mount ${point}`));
    } finally {
      await clearLeftovers(folder);
    }
    await waitFor("the mount's end", () => mountsBelow(folder.path).length === 0);
    await assert.rejects(Deno.stat(folder.path), Deno.errors.NotFound);
  },
});

/** Whether this process has CAP_SYS_ADMIN (bit 21 of capabilities(7)); root in a container may not. */
function mayMount(): boolean {
  if (Deno.build.os !== "linux") return false;
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
  return (BigInt(`0x${mask}`) >> 21n & 1n) === 1n;
}
