import assert from "node:assert/strict";
import { exampleRecord } from "../state/testing.ts";
import { collectImages } from "./collect.ts";
import type { OverBudget } from "./evict.ts";
import { listImages } from "./list.ts";
import { resolveImage } from "./pull.ts";
import { importImage } from "./import.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 60 * 60 * 1000;

/** Stores an image of this name that was last used so many hours ago. */
async function add(images: TestImages, name: string, hours: number): Promise<string> {
  writeDisk(images.path(name), { bytes: MIB, seed: hours });
  const { image } = await importImage(images.ctx, name, images.path(name));
  const used = new Date(Date.now() - hours * HOUR_MS);
  await Deno.utime(images.ctx.home.imageDir(image.digest), used, used);
  return image.digest;
}

const names = (images: TestImages) => listImages(images.ctx).flatMap(({ tags }) => tags).sort();

Deno.test("evictImages() removes the least recently used until the rest fits", async () => {
  await using images = await testImages();
  const { ctx } = images;
  for (const [name, hours] of [["c", 3], ["a", 5], ["d", 2], ["b", 4]] as const) {
    await add(images, name, hours);
  }
  const sizes = listImages(ctx).map(({ allocatedBytes }) => allocatedBytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);

  assert.deepEqual(await collectImages(ctx), []); // nobody asked for a budget
  assert.deepEqual(await collectImages(ctx, { budgetBytes: total }), []);
  const collected = await collectImages(ctx, { budgetBytes: total - 1 });
  assert.deepEqual(collected.map(({ kind, name }) => [kind, name]), [["evicted", "a"]]);
  assert.deepEqual(names(images), ["b", "c", "d"]);
  assert.equal(images.folders().length, 3);
  assert.deepEqual(images.staged(), []);

  const more = await collectImages(ctx, { budgetBytes: Math.max(...sizes) });
  assert.deepEqual(more.map(({ name }) => name), ["b", "c"]);
  assert.deepEqual(names(images), ["d"]);
});

Deno.test("evictImages() leaves what machines need and what was used lately", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const needed = await add(images, "needed", 9);
  await add(images, "old", 8);
  await add(images, "recent", 0);
  ctx.store.machines.insert(exampleRecord({ imageDigest: needed }));
  const told: OverBudget[] = [];
  const onOverBudget = (over: OverBudget) => void told.push(over);
  const collected = await collectImages(ctx, { budgetBytes: 0, onOverBudget });
  assert.deepEqual(collected.map(({ name }) => name), ["old"]);
  assert.deepEqual(names(images), ["needed", "recent"]);
  const bytes = new Map(listImages(ctx).map((image) => [image.tags[0], image.allocatedBytes]));
  const [neededBytes = 0, recentBytes = 0] = [bytes.get("needed"), bytes.get("recent")];
  const total = neededBytes + recentBytes;
  assert.deepEqual(told, [{ bytes: total, budgetBytes: 0, neededBytes, recentBytes }]);
  await collectImages(ctx, { budgetBytes: total, onOverBudget });
  assert.equal(told.length, 1);
  assert.deepEqual(
    (await collectImages(ctx, { budgetBytes: 0, keepMs: 0 })).map(({ name }) => name),
    ["recent"],
  );
});

Deno.test("evictImages() beside an import takes nothing of it", async () => {
  await using images = await testImages();
  const { ctx } = images;
  await add(images, "old", 2);
  writeDisk(images.path("new"), { bytes: 24 * MIB });
  const collecting: Promise<unknown>[] = [];
  const { image } = await importImage(ctx, "new", images.path("new"), {
    onProgress() {
      if (collecting.length < 20) collecting.push(collectImages(ctx, { budgetBytes: 0 }));
    },
  });
  const collected = (await Promise.all(collecting)).flat();
  assert.deepEqual(collected.map((one) => Reflect.get(Object(one), "name")), ["old"]);
  assert.deepEqual(listImages(ctx).map(({ digest }) => digest), [image.digest]);
  assert.equal(images.folders().length, 1);
});

Deno.test("evictImages() leaves an image between its resolution and its machine", async () => {
  await using images = await testImages();
  const { ctx } = images;
  await add(images, "a", 5);
  const { digest } = await resolveImage(ctx, "a"); // as `create` does
  assert.deepEqual(await collectImages(ctx, { budgetBytes: 0 }), []);
  ctx.store.machines.insert(exampleRecord({ imageDigest: digest }));
  assert.deepEqual(await collectImages(ctx, { budgetBytes: 0, keepMs: 0 }), []);
  ctx.store.machines.delete(exampleRecord().id);
  assert.equal((await collectImages(ctx, { budgetBytes: 0, keepMs: 0 })).length, 1);
  // Who comes after that is told, and has no machine without an image.
  assert.throws(() => ctx.store.machines.insert(exampleRecord({ imageDigest: digest })), {
    code: "not-found",
  });
});
