import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { withFileSystem } from "../../tests/support/file_system.ts";
import copy from "./mod.ts";

const MIB = 1 << 20;
const host = realHost();

async function withBase(
  megabytes: number,
  body: (folder: string, base: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const base = `${folder}/base`;
    await Deno.writeFile(base, new Uint8Array(megabytes * MIB).fill(5));
    await body(folder, base);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("clone() stops in the middle of the data when it is interrupted, and leaves nothing", async () => {
  await withBase(64, async (folder, base) => {
    const target = `${folder}/disk`;
    const interrupt = new AbortController();
    const reason = new Error("interrupted");
    const cloned = copy.clone(host, base, target, 64 * MIB, interrupt.signal);
    // The target has some data, so the copy is under way; it is far from its end.
    const watch = setInterval(() => {
      const allocated = Deno.lstatSync(target).blocks ?? 0;
      if (allocated > 0) interrupt.abort(reason);
    }, 1);
    try {
      assert.equal(await cloned.then(() => "it was finished", (error) => error), reason);
    } finally {
      clearInterval(watch);
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map((e) => e.name), ["base"]);
  });
});

Deno.test({
  name: "clone() on a full disk says what is needed and what is free, and leaves nothing",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withBase(64, async (_folder, base) => {
      await withFileSystem("ext4", async (mount) => {
        const before = [...Deno.readDirSync(mount)].length;
        const error = await copy.clone(
          host,
          base,
          `${mount}/disk`,
          64 * MIB,
          new AbortController().signal,
        ).then(() => undefined, (e) => e);
        assert.equal(error?.code, "failed");
        const numbers = /: no space left: (\d+) MiB needed, (\d+) MiB free$/.exec(error.message);
        assert.ok(numbers, error.message);
        assert.equal(Number(numbers[1]), 64);
        const free = Number(numbers[2]);
        assert.ok(free > 1 && free < 24, `${free} MiB free of a file system of 24 MiB`);
        assert.match(error.hint, /cocoon gc/);
        assert.equal([...Deno.readDirSync(mount)].length, before);
      });
    }),
});

Deno.test("clone() refuses an image that became shorter while it was copied", async () => {
  await withBase(64, async (folder, base) => {
    const target = `${folder}/disk`;
    const cloned = copy.clone(host, base, target, 64 * MIB, new AbortController().signal);
    const watch = setInterval(() => {
      if ((Deno.lstatSync(target).blocks ?? 0) > 0) Deno.truncateSync(base, MIB);
    }, 1);
    try {
      await assert.rejects(cloned, { code: "failed", message: /became shorter/ });
    } finally {
      clearInterval(watch);
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map((e) => e.name), ["base"]);
  });
});
