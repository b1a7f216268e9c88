import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { Host } from "../../plugins/contract.ts";
import qcow2 from "./mod.ts";

const MIB = 1 << 20;
const TIB = 2 ** 40;
const host = realHost();
const signal = new AbortController().signal;
/** A computer on which QEMU's tools are not installed. */
const withoutTools: Host = {
  ...host,
  which: () => undefined,
  run: ([program]) => Promise.reject(new Error(`${program} was run`)),
};

async function withBase(
  body: (folder: string, base: string, disk: string) => Promise<void>,
  baseName = "base",
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const base = `${folder}/${baseName}`;
    await Deno.writeFile(base, new Uint8Array(3 * MIB + 512).fill(5));
    await body(folder, base, `${folder}/disk`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function qemuImg(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await host.run(["qemu-img", ...args]);
  assert.equal(code, 0, `qemu-img ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout.startsWith("{") ? JSON.parse(stdout) : {};
}

async function assertSound(disk: string, sizeBytes: number, base: string): Promise<void> {
  const check = await qemuImg("check", "--output=json", "-f", "qcow2", disk);
  for (const trouble of ["corruptions", "leaks", "check-errors"]) {
    assert.equal(check[trouble] ?? 0, 0, `${check[trouble]} ${trouble}`);
  }
  const info = await qemuImg("info", "--output=json", disk);
  assert.equal(info["virtual-size"], sizeBytes);
  assert.equal(info["full-backing-filename"] ?? info["backing-filename"], base);
  assert.equal(info["backing-filename-format"], "raw");
}

for (
  const [what, sizeBytes] of [
    ["small", 8 * MIB],
    ["just as large as the base", 3 * MIB + 512],
    ["4 TiB", 4 * TIB],
    ["of several clusters of L1 table", 37 * TIB],
  ] as const
) {
  Deno.test(`clone() makes a disk (${what}) that QEMU finds sound`, async () => {
    await withBase(async (_folder, base, disk) => {
      await qcow2.clone(host, base, disk, sizeBytes, signal);
      await assertSound(disk, sizeBytes, base);
      assert.ok((await Deno.stat(disk)).size < 2 * MIB);
    });
  });
}

Deno.test("clone() rounds the size up to whole sectors", async () => {
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 4 * MIB + 1, signal);
    await assertSound(disk, 4 * MIB + 512, base);
  });
});

Deno.test("clone() names a base whose path looks like QEMU's options or a protocol", async () => {
  const odd = "nbd:x,format=qcow2 json:{}%ü";
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 8 * MIB, signal);
    await assertSound(disk, 8 * MIB, base);
    await qemuImg("compare", "-f", "qcow2", "-F", "qcow2", disk, disk);
  }, odd);
});

Deno.test("clone() names the file that a link leads to", async () => {
  await withBase(async (folder, base, disk) => {
    await Deno.symlink(base, `${folder}/link`);
    await qcow2.clone(host, `${folder}/link`, disk, 8 * MIB, signal);
    await assertSound(disk, 8 * MIB, base);
  });
});

Deno.test("clone() refuses a base whose path is longer than an overlay can name", async () => {
  await withBase(async (folder, base, disk) => {
    let deep = folder;
    for (let i = 0; i < 5; i++) deep += `/${"d".repeat(220)}`;
    await Deno.mkdir(deep, { recursive: true });
    await Deno.rename(base, `${deep}/base`);
    await assert.rejects(qcow2.clone(host, `${deep}/base`, disk, 8 * MIB, signal), {
      code: "usage",
      message: /at most 1023$/,
      hint: /shorter COCOON_HOME/,
    });
    await assert.rejects(Deno.lstat(disk), Deno.errors.NotFound);
  });
});

Deno.test("clone() refuses a size that no qcow2 disk has", async () => {
  await withBase(async (_folder, base, disk) => {
    await assert.rejects(qcow2.clone(host, base, disk, 3000 * TIB, signal), { code: "usage" });
    await assert.rejects(Deno.lstat(disk), Deno.errors.NotFound);
  });
});

Deno.test("grow() up to the room of the L1 table needs no program", async () => {
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 8 * MIB, signal);
    await qcow2.grow(withoutTools, disk, 4 * TIB);
    await assertSound(disk, 4 * TIB, base);
  });
});

Deno.test("grow() beyond that room, and of a disk with snapshots, is left to qemu-img", async () => {
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 8 * MIB, signal);
    await qcow2.grow(host, disk, 5 * TIB);
    await assertSound(disk, 5 * TIB, base);
  });
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 8 * MIB, signal);
    await qemuImg("snapshot", "-c", "before", disk);
    await assert.rejects(qcow2.grow(withoutTools, disk, 16 * MIB), {
      code: "host-lacks",
      message: /qemu-img is needed/,
      hint: /Install it: /,
    });
    await qcow2.grow(host, disk, 16 * MIB);
    await assertSound(disk, 16 * MIB, base);
  });
});

Deno.test("grow() refuses a file that is no qcow2 disk, and does not change it", async () => {
  await withBase(async (_folder, base) => {
    for (const content of [new Uint8Array(MIB), new Uint8Array(3), new Uint8Array()]) {
      await Deno.writeFile(base, content);
      await assert.rejects(qcow2.grow(host, base, 64 * MIB), {
        code: "failed",
        message: /not a qcow2 file of version 3$/,
      });
      assert.equal((await Deno.stat(base)).size, content.length);
    }
  });
});

Deno.test("grow() passes on what qemu-img complains about", async () => {
  await withBase(async (_folder, base, disk) => {
    await qcow2.clone(host, base, disk, 8 * MIB, signal);
    await Deno.remove(base);
    await assert.rejects(qcow2.grow(host, disk, 5 * TIB), {
      code: "failed",
      message: /cannot be grown: .*No such file/s,
    });
  });
});
