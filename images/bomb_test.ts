/** Small images that unpack to much, or need much for it. */
import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { importImage } from "./import.ts";
import { listImages } from "./list.ts";
import { testImages } from "./testing/context.ts";
import { qcow2Bomb } from "./testing/qcow2_bomb.ts";
import { sh } from "./testing/sh.ts";

const GIB = 1024 * 1024 * 1024;

Deno.test("importImage() ends with a qcow2 that unpacks to more than a disk does", async () => {
  await using images = await testImages();
  await Deno.writeFile(images.path("bomb.qcow2"), qcow2Bomb(6, 0x41));
  await sh(images.path("."), "gzip -c bomb.qcow2 > bomb.qcow2.gz");
  for (const name of ["bomb.qcow2", "bomb.qcow2.gz"]) {
    await assert.rejects(importImage(images.ctx, "x", images.path(name)), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.match(error.message, /unpacks to more than 1GiB that are not zeros out of/, name);
      assert.match(error.hint ?? "", /unpack it yourself/);
      return true;
    });
    assert.deepEqual([listImages(images.ctx), images.staged(), images.folders()], [[], [], []]);
  }
});

Deno.test("importImage() says how to unpack what needs more memory than it may have", async () => {
  await using images = await testImages();
  await sh(images.path("."), "head -c 200M /dev/zero > raw");
  const cases = [
    ["xz -0 --lzma2=preset=0,dict=1536MiB -c < raw > packed", "xz", "512MiB", /xz --decompress/],
    ["zstd -q --long=30 -c < raw > packed", "zstd", "128MiB", /zstd --decompress --long=31/],
    ["zstd -q --long=30 -c raw > packed", "zstd", "128MiB", /zstd --decompress --long=31/],
  ] as const;
  for (const [line, format, limit, hint] of cases) {
    await sh(images.path("."), line);
    await assert.rejects(importImage(images.ctx, "x", images.path("packed")), (error) => {
      assert.ok(error instanceof CocoonError, line);
      assert.match(error.message, new RegExp(`${format} data needs more than ${limit} of memory$`));
      assert.match(error.hint ?? "", hint);
      return true;
    });
  }
});

Deno.test("importImage() takes a qcow2 whose packed clusters are zeros, however many", async () => {
  await using images = await testImages();
  await Deno.writeFile(images.path("zeros.qcow2"), qcow2Bomb(6, 0));
  const { image } = await importImage(images.ctx, "x", images.path("zeros.qcow2"));
  assert.equal(image.virtualBytes, 3 * GIB);
});
