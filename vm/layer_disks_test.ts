import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import type { Disk } from "../plugins/contract.ts";
import { Home } from "../state/home.ts";
import type { ImageRecord } from "../state/images.ts";
import { layerDisks, makeCow } from "./layer_disks.ts";

const MIB = 1024 ** 2;
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

const IMAGE: ImageRecord = {
  digest: digest("a"),
  diskDigest: digest("a"),
  kind: "direct",
  layers: [
    { digest: digest("b"), diskDigest: "", kernel: true, initrd: true },
    { digest: digest("c"), diskDigest: "", kernel: false, initrd: false },
  ],
  virtualBytes: 1,
  allocatedBytes: 1,
  sourceFormat: "layers",
  source: "localhost/x:1",
  verified: "registry",
  createdAt: "2026-01-01T00:00:00Z",
};

async function withFolder(body: (disk: Disk) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/cow.raw`;
    await body({ role: "cow", path, format: "raw", serial: "cocoon-cow", readOnly: false });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const signal = new AbortController().signal;

Deno.test("layerDisks() puts the image's layers, base first, before the machine's own disk", () => {
  const disks = layerDisks(new Home("/h"), IMAGE, "/h/vms/x");
  const folder = `/h/images/sha256/${"a".repeat(64)}`;
  assert.deepEqual(
    disks.map(({ role, serial, path, readOnly }) => [role, serial, path, readOnly]),
    [
      ["layer", "cocoon-layer0", `${folder}/${"b".repeat(64)}.erofs`, true],
      ["layer", "cocoon-layer1", `${folder}/${"c".repeat(64)}.erofs`, true],
      ["cow", "cocoon-cow", "/h/vms/x/cow.raw", false],
    ],
  );
});

Deno.test("makeCow() makes an empty ext4 that takes next to nothing", async () => {
  await withFolder(async (disk) => {
    await makeCow(realHost(), disk, 1024 * MIB, signal);
    const { size, blocks, mode } = await Deno.stat(disk.path);
    assert.equal(size, 1024 * MIB);
    assert.ok((blocks ?? 0) * 512 < 8 * MIB, `${blocks} blocks`);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    const { code, stdout } = await realHost().run(["/sbin/e2fsck", "-fn", disk.path]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^cocoon-cow: /m);
  });
});

Deno.test("makeCow() says what is missing, and what is too small", async () => {
  await withFolder(async (disk) => {
    const bare = { ...realHost(), which: () => undefined };
    await assert.rejects(makeCow(bare, disk, 64 * MIB, signal), {
      code: "host-lacks",
      message: /mkfs\.ext4/,
      hint: /e2fsprogs/,
    });
    assert.equal(realHost().exists(disk.path), false);
    await assert.rejects(makeCow(realHost(), disk, 4096, signal), {
      code: "failed",
      message: /mkfs\.ext4 made no file system: ./,
      hint: /--disk/,
    });
  });
});
