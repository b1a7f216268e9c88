import assert from "node:assert/strict";
import { exampleRecord } from "../state/testing.ts";
import { collectImages } from "./collect.ts";
import { importImage } from "./import.ts";
import { listImages } from "./list.ts";
import { resolveImage } from "./pull.ts";
import { Staging } from "./staging.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

async function add(images: TestImages, seed: number, tag?: string): Promise<string> {
  const path = images.path(`disk-${seed}`);
  writeDisk(path, { bytes: MIB, seed });
  if (tag === undefined) return (await resolveImage(images.ctx, path)).digest;
  return (await importImage(images.ctx, tag, path)).image.digest;
}

Deno.test("collectImages() finds nothing in a store that is in order", async () => {
  await using images = await testImages();
  assert.deepEqual(await collectImages(images.ctx, { keepMs: 0 }), []);
  await add(images, 1, "a");
  assert.deepEqual(await collectImages(images.ctx, { keepMs: 0 }), []);
  assert.equal(listImages(images.ctx).length, 1);
});

Deno.test("collectImages() removes an image without name and machine, some time after its use", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const used = await add(images, 1);
  const unused = await add(images, 2);
  ctx.store.machines.insert(exampleRecord({ imageDigest: used }));

  assert.deepEqual(await collectImages(ctx), []); // both were asked for just now
  const [image, ...rest] = await collectImages(ctx, { keepMs: 0 });
  assert.deepEqual(rest, []);
  assert.equal(image?.kind, "image");
  assert.equal(image?.name, unused);
  assert.ok((image?.freedBytes ?? 0) > 0);
  assert.deepEqual(images.folders(), [used.slice(7)]);
});

Deno.test("collectImages() goes by the last use and not by the age", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const digest = await add(images, 1);
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await Deno.utime(ctx.home.imageDir(digest), old, old);
  await resolveImage(ctx, digest);
  assert.deepEqual(await collectImages(ctx), []);
  await Deno.utime(ctx.home.imageDir(digest), old, old);
  assert.equal((await collectImages(ctx)).length, 1);
});

Deno.test("collectImages() removes folders without record and what dead commands left", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const kept = await add(images, 1, "a");
  await Deno.mkdir(`${ctx.home.imagesDir}/sha256/${"0".repeat(64)}`);
  await Deno.writeFile(
    `${ctx.home.imagesDir}/sha256/${"0".repeat(64)}/disk.raw`,
    new Uint8Array(8192),
  );
  await Deno.mkdir(`${ctx.home.stagingDir}/0011223344556677/image`, { recursive: true });
  await using alive = await Staging.open(ctx.home);
  await Deno.writeTextFile(alive.path("source"), "half a download");

  const collected = await collectImages(ctx, { keepMs: 0 });

  assert.deepEqual(collected.map(({ kind, name }) => [kind, name]), [
    ["staging", "0011223344556677"],
    ["orphan", "0".repeat(64)],
  ]);
  assert.ok((collected[1]?.freedBytes ?? 0) >= 8192);
  assert.deepEqual(images.folders(), [kept.slice(7)]);
  assert.equal(await Deno.readTextFile(alive.path("source")), "half a download");
});

Deno.test("collectImages() beside a pull leaves it alone", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: 24 * MIB });
  let rounds = 0;
  const collecting: Promise<unknown>[] = [];
  const { image } = await importImage(ctx, "a", images.path("disk"), {
    onProgress() {
      if (rounds++ < 20) collecting.push(collectImages(ctx, { keepMs: 0 }));
    },
  });
  for (const collected of await Promise.all(collecting)) assert.deepEqual(collected, []);
  assert.ok(rounds > 1);
  assert.equal((await resolveImage(ctx, "a")).digest, image.digest);
});
