import assert from "node:assert/strict";
import { collectImages } from "./collect.ts";
import { diskPath } from "./context.ts";
import { importImage } from "./import.ts";
import { inspectImage, listImages } from "./list.ts";
import { httpServer } from "../tests/support/http_server.ts";
import { PartialDownload } from "./downloads/partial.ts";
import { pullImage } from "./pull.ts";
import { removeImages } from "./remove.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { qemuImg, sameContent, writeDisk } from "./testing/qemu_img.ts";

const DOOMED = new URL("./testing/doomed.ts", import.meta.url).pathname;
/** More steps than any verb has: what is not done by then never will be. */
const MAX_STEPS = 80;

/** Runs a verb that dies before its step N; returns whether it got to its end. */
async function doom(images: TestImages, step: number, ...verb: string[]): Promise<boolean> {
  const { success, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", DOOMED, images.ctx.home.root, String(step), ...verb],
  }).output();
  if (!success) assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout) === "done\n";
}

/** What is listed is whole, and what is not listed can be collected to the last file. */
async function assertWhole(images: TestImages, disk: string): Promise<void> {
  const { ctx } = images;
  for (const { digest } of listImages(ctx)) {
    assert.ok(sameContent(diskPath(ctx.home, digest), disk));
    assert.equal((await inspectImage(ctx, digest, { check: true })).intact, true);
  }
  await collectImages(ctx, { keepMs: 0 });
  assert.deepEqual(images.staged(), []);
  assert.deepEqual(images.folders(), listImages(ctx).map((image) => image.digest.slice(7)));
}

for (const format of ["raw", "qcow2"]) {
  Deno.test(`importImage() of ${format} killed at any step leaves a whole store`, async () => {
    await using images = await testImages();
    const disk = images.path("disk");
    writeDisk(disk, { bytes: 2 * 1024 * 1024 });
    const file = images.path("file");
    await qemuImg("convert", "-O", format, disk, file);
    let finished = false;
    let killedAfterCommit = 0;
    for (let step = 1; !finished; step++) {
      assert.ok(step < MAX_STEPS);
      finished = await doom(images, step, "import", file);
      const listed = listImages(images.ctx).length;
      if (!finished && listed > 0) killedAfterCommit++;
      if (finished) assert.equal(listed, 1);
      // Even steps: first tidied up, then repeated. Odd ones: repeated on what was left behind.
      if (step % 2 === 0) await assertWhole(images, disk);
      await importImage(images.ctx, "web", file);
      await assertWhole(images, disk);
      await removeImages(images.ctx, ["web"]);
      assert.deepEqual(images.folders(), []);
    }
    assert.ok(killedAfterCommit > 0, "the last steps come after the commit");
  });
}

Deno.test("pullImage() killed at any step leaves a whole store, and goes on", async () => {
  await using images = await testImages();
  const disk = images.path("disk");
  writeDisk(disk, { bytes: 2 * 1024 * 1024 });
  const body = await Deno.readFile(disk);
  await using server = httpServer({ "/d": { body, etag: '"one"', ranges: true } });
  const url = `${server.url}/d`;
  let finished = false;
  let wentOn = 0;
  for (let step = 1; !finished; step++) {
    assert.ok(step < MAX_STEPS);
    finished = await doom(images, step, "pull", url);
    if (step % 2 === 0) await assertWhole(images, disk);
    const before = server.requests.length;
    await pullImage(images.ctx, url, { tag: "web" });
    await collectImages(images.ctx);
    wentOn += server.requests.slice(before).filter(({ headers }) => headers.has("range")).length;
    await assertWhole(images, disk);
    assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
    await removeImages(images.ctx, ["web"]);
    await collectImages(images.ctx, { keepMs: 0 });
  }
  assert.ok(wentOn > 0, "some of what was downloaded is taken up");
});

Deno.test("removeImages() killed at any step leaves a whole store", async () => {
  await using images = await testImages();
  const disk = images.path("disk");
  writeDisk(disk, { bytes: 1024 * 1024 });
  let finished = false;
  for (let step = 1; !finished; step++) {
    assert.ok(step < MAX_STEPS);
    await importImage(images.ctx, "web", disk);
    finished = await doom(images, step, "remove", "web");
    if (finished) assert.deepEqual(listImages(images.ctx), []);
    await assertWhole(images, disk);
    const left = await removeImages(images.ctx, ["web"]);
    assert.ok(left.errors.every((error) => error.code === "not-found"));
    await assertWhole(images, disk);
    assert.deepEqual(images.folders(), []);
  }
});

Deno.test("importImage() by two processes at once ends well for both", async () => {
  await using images = await testImages();
  const disk = images.path("disk");
  writeDisk(disk, { bytes: 24 * 1024 * 1024 });
  // Step 0 never comes.
  const both = await Promise.all([1, 2].map(() => doom(images, 0, "import", disk)));
  assert.deepEqual(both, [true, true]);
  assert.deepEqual(listImages(images.ctx).map((image) => image.tags), [["web"]]);
  await assertWhole(images, disk);
});
