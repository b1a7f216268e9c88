import assert from "node:assert/strict";
import { diskPath } from "./context.ts";
import { importImage } from "./import.ts";
import { listImages } from "./list.ts";
import { resolveImage } from "./pull.ts";
import { testImages } from "./testing/context.ts";
import { qemuImg, sameContent, writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

/** Sets a file's age, so that its digest may be remembered. */
async function settle(path: string): Promise<void> {
  await Deno.utime(path, new Date(1_000_000_000_000), new Date(1_000_000_000_000));
  // The change time cannot be set; it has to pass.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
}

Deno.test("importImage() stores raw and qcow2 files; the same disk has the same disk digest", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: 5 * MIB });
  await qemuImg("convert", "-O", "qcow2", images.path("disk"), images.path("disk.qcow2"));

  const raw = await importImage(ctx, "one", images.path("disk"));
  const qcow2 = await importImage(ctx, "two", images.path("disk.qcow2"));

  assert.equal(raw.image.sourceFormat, "raw");
  assert.equal(qcow2.image.sourceFormat, "qcow2");
  assert.notEqual(raw.image.digest, qcow2.image.digest);
  assert.equal(raw.image.diskDigest, qcow2.image.diskDigest);
  assert.equal(raw.image.source, images.path("disk"));
  for (const { image } of [raw, qcow2]) {
    assert.ok(sameContent(diskPath(ctx.home, image.digest), images.path("disk")));
  }
  assert.deepEqual(images.staged(), []);
});

Deno.test("importImage() keeps the holes of a raw disk and fills up its last sector", async () => {
  await using images = await testImages();
  await Deno.writeFile(images.path("disk"), new Uint8Array([0xeb, 0x3c, 0x90, 0]));
  await Deno.truncate(images.path("disk"), 300 * MIB + 1);
  const { image } = await importImage(images.ctx, "x", images.path("disk"));
  assert.equal(image.virtualBytes, 300 * MIB + 512);
  assert.equal((await Deno.stat(diskPath(images.ctx.home, image.digest))).size, image.virtualBytes);
  assert.ok(image.allocatedBytes < MIB, String(image.allocatedBytes));
});

Deno.test("importImage() reads standard input", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: 3 * MIB });
  await qemuImg("convert", "-O", "qcow2", images.path("disk"), images.path("disk.qcow2"));
  for (const name of ["disk", "disk.qcow2"]) {
    const { readable: stdin } = await Deno.open(images.path(name));
    const { image } = await importImage(ctx, "in", "-", { stdin });
    assert.equal(image.source, "-");
    assert.deepEqual(image.tags, ["in"]); // re-pointed by the second
    assert.ok(sameContent(diskPath(ctx.home, image.digest), images.path("disk")));
  }
  const cut = new Blob([new Uint8Array(100)]).stream();
  await assert.rejects(importImage(ctx, "in", "-", { stdin: cut }), {
    message: 'image "standard input": it has only 100 bytes, too few for a disk image',
  });
});

Deno.test("importImage() does not read a file again that has not changed", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const path = images.path("disk");
  writeDisk(path, { bytes: 2 * MIB });
  await settle(path);
  const first = await resolveImage(ctx, path);

  const phases = new Set<string>();
  const onProgress = ({ phase }: { phase: string }) => phases.add(phase);
  assert.equal((await resolveImage(ctx, path, { onProgress })).digest, first.digest);
  assert.deepEqual([...phases], []); // known without a look into it
  await assert.rejects(resolveImage(ctx, path, { sha256: "1".repeat(64) }), {
    message: /mismatch/,
  });

  // The same size and the same modification time, but other content.
  using file = await Deno.open(path, { write: true });
  await file.seek(MIB, Deno.SeekMode.Start);
  await file.write(new Uint8Array([1, 2, 3, 4]));
  await Deno.utime(path, new Date(1_000_000_000_000), new Date(1_000_000_000_000));
  assert.notEqual((await resolveImage(ctx, path, { onProgress })).digest, first.digest);
  assert.ok(phases.has("hash"));
});

Deno.test("importImage() does not remember a file that was written just now", async () => {
  await using images = await testImages();
  writeDisk(images.path("disk"), { bytes: MIB });
  const phases: string[] = [];
  await resolveImage(images.ctx, images.path("disk"));
  await resolveImage(images.ctx, images.path("disk"), { onProgress: (p) => phases.push(p.phase) });
  assert.ok(phases.includes("hash"));
  assert.ok(!phases.includes("seal")); // but it is not stored twice
});

Deno.test("importImage() refuses a file that changes while it is read", async () => {
  await using images = await testImages();
  writeDisk(images.path("disk"), { bytes: 2 * MIB });
  await qemuImg("convert", "-O", "qcow2", images.path("disk"), images.path("disk.qcow2"));
  for (
    const [name, phase] of [["disk", "hash"], ["disk.qcow2", "hash"], ["disk.qcow2", "convert"]]
  ) {
    const path = images.path(name ?? "");
    let touched = false;
    await assert.rejects(
      importImage(images.ctx, "x", path, {
        onProgress(progress) {
          if (touched || progress.phase !== phase) return;
          touched = true;
          Deno.utimeSync(path, new Date(), new Date());
        },
      }),
      { code: "failed", message: `image "${path}": it changed while it was read` },
    );
    assert.deepEqual(listImages(images.ctx), []);
    assert.deepEqual(images.staged(), []);
  }
});

Deno.test("importImage() refuses what cannot be read", async () => {
  await using images = await testImages();
  const { ctx } = images;
  await assert.rejects(importImage(ctx, "x", images.path("none")), {
    code: "not-found",
    message: `image "${images.path("none")}": no such file`,
  });
  await assert.rejects(importImage(ctx, "x", images.path("")), { message: /no regular file/ });
  await assert.rejects(importImage(ctx, "x", "/dev/zero"), { message: /no regular file/ });
  await assert.rejects(importImage(ctx, "a/b", images.path("none")), { code: "usage" });
  await assert.rejects(importImage(ctx, "x", images.path("none"), { sha512: "1" }), {
    code: "usage",
  });
});
