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

/**
 * A signal that does something when it is asked for the third time whether to go on: some data is
 * copied by then, and most is not. A timer would hit that moment on some days only.
 */
function inTheMiddle(action: () => void): AbortSignal {
  const { signal } = new AbortController();
  let asked = 0;
  signal.throwIfAborted = () => {
    if (++asked === 3) action();
  };
  return signal;
}

Deno.test("clone() stops in the middle of the data when it is interrupted, and leaves nothing", async () => {
  await withBase(64, async (folder, base) => {
    const target = `${folder}/disk`;
    const reason = new Error("interrupted");
    const signal = inTheMiddle(() => {
      assert.ok((Deno.lstatSync(target).blocks ?? 0) > 0, "nothing is copied yet");
      throw reason;
    });
    const error = await copy.clone(host, base, target, 64 * MIB, signal).catch((e) => e);
    assert.equal(error, reason);
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
    const signal = inTheMiddle(() => Deno.truncateSync(base, MIB));
    await assert.rejects(copy.clone(host, base, `${folder}/disk`, 64 * MIB, signal), {
      code: "failed",
      message: /became shorter/,
    });
    assert.deepEqual([...Deno.readDirSync(folder)].map((e) => e.name), ["base"]);
  });
});
