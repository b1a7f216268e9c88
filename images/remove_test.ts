import assert from "node:assert/strict";
import { exampleRecord } from "../state/testing.ts";
import { collectImages } from "./collect.ts";
import { diskPath } from "./context.ts";
import { importImage } from "./import.ts";
import { inspectImage, listImages } from "./list.ts";
import { resolveImage } from "./pull.ts";
import { removeImages } from "./remove.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

/** Imports a small disk under these names; another seed is another image. */
async function add(images: TestImages, seed: number, ...tags: string[]): Promise<string> {
  const path = images.path(`disk-${seed}`);
  writeDisk(path, { bytes: MIB, seed });
  let digest = (await resolveImage(images.ctx, path)).digest;
  for (const tag of tags) digest = (await importImage(images.ctx, tag, path)).image.digest;
  return digest;
}

Deno.test("removeImages() removes a tag, and with the last one the image", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const digest = await add(images, 1, "a", "b");
  const size = (await inspectImage(ctx, "a")).allocatedBytes;

  assert.deepEqual(await removeImages(ctx, ["a"]), {
    removed: [{
      reference: "a",
      digest,
      untagged: ["a"],
      deleted: false,
      freedBytes: 0,
      neededBy: [],
    }],
    errors: [],
  });
  assert.deepEqual(listImages(ctx).map((image) => image.tags), [["b"]]);

  assert.deepEqual(await removeImages(ctx, ["b"]), {
    removed: [{
      reference: "b",
      digest,
      untagged: ["b"],
      deleted: true,
      freedBytes: size,
      neededBy: [],
    }],
    errors: [],
  });
  assert.deepEqual(listImages(ctx), []);
  assert.deepEqual(images.folders(), []);
  assert.deepEqual(images.staged(), []);
});

Deno.test("removeImages() takes a digest for the image with all its names", async () => {
  await using images = await testImages();
  const digest = await add(images, 1, "a", "b");
  const { removed } = await removeImages(images.ctx, [digest.slice(7, 21)]);
  assert.deepEqual(removed[0]?.untagged, ["a", "b"]);
  assert.equal(removed[0]?.deleted, true);
  assert.deepEqual(images.folders(), []);
});

Deno.test("removeImages() does what it can and keeps every error", async () => {
  await using images = await testImages();
  await add(images, 1, "a");
  await add(images, 2, "b");
  const { removed, errors } = await removeImages(images.ctx, ["a", "aa", "b", "b"]);
  assert.deepEqual(removed.map((r) => r.reference), ["a", "b"]);
  assert.deepEqual(errors.map((e) => [e.code, e.message.slice(0, 11)]), [
    ["not-found", 'image "aa":'],
    ["not-found", 'image "b": '],
  ]);
});

Deno.test("removeImages() refuses an image that machines use, by their names", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const digest = await add(images, 1, "a");
  ctx.store.machines.insert(
    exampleRecord({ id: "0".repeat(12), name: "web", imageDigest: digest }),
  );
  ctx.store.machines.insert(exampleRecord({ id: "1".repeat(12), name: "db", imageDigest: digest }));

  for (const reference of ["a", digest]) {
    const { removed, errors } = await removeImages(ctx, [reference]);
    assert.deepEqual(removed, []);
    assert.equal(errors[0]?.code, "conflict");
    assert.equal(errors[0]?.message, `image "${reference}": in use by machines db, web`);
  }
  assert.deepEqual(listImages(ctx)[0]?.tags, ["a"]);
  assert.deepEqual(listImages(ctx)[0]?.machines, ["db", "web"]);
});

Deno.test("removeImages() with force takes the names and leaves what a machine needs", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const digest = await add(images, 1, "a", "b");
  ctx.store.machines.insert(exampleRecord({ name: "web", imageDigest: digest }));

  const { removed, errors } = await removeImages(ctx, [digest], { force: true });
  assert.deepEqual(errors, []);
  assert.deepEqual(removed[0], {
    reference: digest,
    digest,
    untagged: ["a", "b"],
    deleted: false,
    freedBytes: 0,
    neededBy: ["web"],
  });
  assert.ok(ctx.host.exists(diskPath(ctx.home, digest)));
  assert.deepEqual(await collectImages(ctx, { keepMs: 0 }), []);
});

Deno.test("inspectImage() tells when a disk is no longer what it was", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const digest = await add(images, 1, "a");
  const details = await inspectImage(ctx, "a", { check: true });
  assert.equal(details.intact, true);
  assert.equal(details.diskPath, diskPath(ctx.home, digest));
  assert.match(details.lastUsedAt ?? "", /^20..-/);

  await Deno.chmod(details.diskPath, 0o644);
  await Deno.writeFile(details.diskPath, new Uint8Array([9]), { append: true });
  assert.equal((await inspectImage(ctx, "a", { check: true })).intact, false);
  assert.equal("intact" in await inspectImage(ctx, "a"), false);

  await Deno.remove(details.diskPath);
  assert.equal((await inspectImage(ctx, "a")).lastUsedAt, undefined);
  await assert.rejects(inspectImage(ctx, "a", { check: true }), { message: /has been deleted/ });
  await assert.rejects(inspectImage(ctx, "b"), { code: "not-found" });
});
