import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { type FileSystemKind, withFileSystem } from "../../tests/support/file_system.ts";
import reflink from "./mod.ts";

const MIB = 1 << 20;
const host = realHost();
const signal = new AbortController().signal;

function onLinux(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });
}

onLinux("supports() is false on ext4 and tmpfs, and between file systems", async () => {
  assert.equal(await reflink.supports(host, "/dev/shm", "/dev/shm"), false);
  await withFileSystem("ext4", async (ext4) => {
    assert.equal(await reflink.supports(host, ext4, ext4), false);
    await withFileSystem("btrfs", async (btrfs) => {
      assert.equal(await reflink.supports(host, btrfs, btrfs), true);
      assert.equal(await reflink.supports(host, ext4, btrfs), false);
      assert.equal(await reflink.supports(host, btrfs, ext4), false);
    });
  });
});

onLinux("supports() gives no answer for a folder that is not there", async () => {
  await assert.rejects(reflink.supports(host, "/no/such", "/tmp"), {
    name: "CocoonError",
    code: "failed",
    message: /no such file or directory/,
  });
});

Deno.test("supports() is false on macOS without touching anything", async () => {
  assert.equal(await reflink.supports({ ...host, os: "darwin" }, "/no/such", "/no/such"), false);
});

onLinux("clone() on ext4 says that blocks cannot be shared and leaves nothing", async () => {
  await withFileSystem("ext4", async (folder) => {
    const base = `${folder}/base`;
    await Deno.writeFile(base, new Uint8Array(MIB).fill(1));
    await assert.rejects(reflink.clone(host, base, `${folder}/disk`, MIB, signal), {
      code: "failed",
      message: /cannot share blocks with .*: operation not supported \(EOPNOTSUPP\)$/,
      hint: "Choose the storage driver `auto`, `qcow2` or `copy`.",
    });
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map((e) => e.name).sort(),
      ["base", "lost+found"],
    );
  });
});

for (const kind of ["btrfs", "xfs"] satisfies FileSystemKind[]) {
  onLinux(`clone() on ${kind} takes no space for the data`, async () => {
    await withFileSystem(kind, async (folder) => {
      const base = `${folder}/base`;
      // Ten clones of it would not fit.
      await Deno.writeFile(base, new Uint8Array(40 * MIB).fill(1));
      for (let i = 0; i < 10; i++) {
        await reflink.clone(host, base, `${folder}/disk${i}`, 48 * MIB, signal);
      }
      const first = await Deno.readFile(`${folder}/disk9`);
      assert.equal(first.length, 48 * MIB);
      assert.equal(first.indexOf(0), 40 * MIB);
    });
  });
}
