import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { httpServer } from "../tests/support/http_server.ts";
import type { Progress } from "./context.ts";
import { diskPath } from "./context.ts";
import { PartialDownload } from "./downloads/partial.ts";
import { listImages } from "./list.ts";
import { pullImage, resolveImage } from "./pull.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { qemuImg, sameContent, writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

/** A raw disk and the same as qcow2, at `disk` and `disk.qcow2`. */
async function makeDisk(images: TestImages, bytes = 9 * MIB): Promise<void> {
  writeDisk(images.path("disk"), { bytes });
  await qemuImg("convert", "-O", "qcow2", "-c", images.path("disk"), images.path("disk.qcow2"));
}

async function sha(
  algorithm: "SHA-256" | "SHA-512",
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes)).toHex();
}

/** Nothing was stored and nothing is left. */
function assertUntouched(images: TestImages): void {
  assert.deepEqual(listImages(images.ctx), []);
  assert.deepEqual(images.folders(), []);
  assert.deepEqual(images.staged(), []);
  assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
}

Deno.test("pullImage() stores a qcow2 image from a server as a raw disk", async () => {
  await using images = await testImages();
  const { ctx } = images;
  await makeDisk(images);
  const body = await Deno.readFile(images.path("disk.qcow2"));
  await using server = httpServer({ "/d.img": { body } });
  const url = `${server.url}/d.img`;
  const seen: Progress[] = [];

  const { image, outcome } = await pullImage(ctx, url, { onProgress: (p) => seen.push(p) });

  assert.equal(outcome, "stored");
  assert.equal(image.digest, `sha256:${await sha("SHA-256", body)}`);
  assert.equal(image.sourceFormat, "qcow2");
  assert.equal(image.source, url);
  assert.equal(image.verified, "none");
  assert.equal(image.virtualBytes, 9 * MIB);
  assert.deepEqual(image.tags, [url]);
  const path = diskPath(ctx.home, image.digest);
  assert.ok(sameContent(path, images.path("disk")));
  const { mode, blocks } = await Deno.stat(path);
  assert.equal((mode ?? 0) & 0o777, 0o444);
  assert.equal(image.allocatedBytes, (blocks ?? 0) * 512);
  assert.deepEqual(images.staged(), []);

  // Each phase in its order, never backwards, to the end.
  assert.deepEqual([...new Set(seen.map((p) => p.phase))], ["download", "convert", "seal"]);
  for (const phase of ["download", "convert", "seal"]) {
    const steps = seen.filter((p) => p.phase === phase);
    const done = steps.map((p) => p.doneBytes);
    assert.deepEqual(done, done.toSorted((a, b) => a - b));
    assert.equal(done.at(-1), steps.at(-1)?.totalBytes);
  }
});

Deno.test("pullImage() asks a server once, and again with force", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: MIB });
  writeDisk(images.path("next"), { bytes: MIB, seed: 2 });
  await using server = httpServer({ "/d": { body: await Deno.readFile(images.path("disk")) } });
  const url = `${server.url}/d`;
  const first = await pullImage(ctx, url, { tag: "web" });

  assert.equal((await pullImage(ctx, url)).outcome, "already-stored");
  assert.equal((await resolveImage(ctx, url)).digest, first.image.digest);
  assert.equal((await pullImage(ctx, "web")).outcome, "already-stored");
  assert.equal(server.requests.length, 1);

  const again = await pullImage(ctx, url, { force: true });
  assert.equal(again.outcome, "already-stored"); // downloaded, and the same
  assert.equal(server.requests.length, 2);

  server.serve("/d", { body: await Deno.readFile(images.path("next")) });
  const changed = await pullImage(ctx, "web", { force: true });
  assert.equal(changed.outcome, "stored");
  assert.deepEqual(changed.image.tags, ["web"]);
  assert.equal((await resolveImage(ctx, "web")).digest, changed.image.digest);
  assert.equal((await resolveImage(ctx, url)).digest, first.image.digest); // the other name stays
});

Deno.test("pullImage() checks the digest that is given, and with it needs no server", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: MIB });
  const body = await Deno.readFile(images.path("disk"));
  await using server = httpServer({ "/d": { body } });
  const url = `${server.url}/d`;
  const wrong = "0".repeat(64);

  await assert.rejects(pullImage(ctx, url, { sha256: wrong }), {
    code: "failed",
    message: `image "${url}": checksum mismatch (expected sha256 ${wrong}, got ${await sha(
      "SHA-256",
      body,
    )}). The download was discarded`,
    hint: "Try again, or pass the right digest with --sha256.",
  });
  await assert.rejects(pullImage(ctx, url, { sha512: wrong + wrong }), { message: /sha512/ });
  assertUntouched(images);
  await assert.rejects(pullImage(ctx, url, { sha256: "12" }), { code: "usage" });
  assert.equal(server.requests.length, 2);

  const plain = await pullImage(ctx, url);
  assert.equal(plain.image.verified, "none");
  const sha256 = await sha("SHA-256", body);
  const known = await pullImage(ctx, "http://127.0.0.1:1/elsewhere", { sha256, tag: "same" });
  assert.equal(known.outcome, "already-stored");
  assert.equal(known.image.verified, "sha256"); // somebody vouches for it now
  assert.deepEqual(known.image.tags, [url, "same"].sort());
  const sha512 = await pullImage(ctx, url, { sha512: await sha("SHA-512", body) });
  assert.equal(sha512.outcome, "already-stored");
});

Deno.test("pullImage() leaves nothing of what is no disk image, or breaks off", async () => {
  await using images = await testImages();
  const { ctx } = images;
  await makeDisk(images, MIB);
  const qcow2 = await Deno.readFile(images.path("disk.qcow2"));
  await Deno.writeFile(images.path("base.qcow2"), qcow2);
  await qemuImg("create", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", images.path("overlay"));
  await using server = httpServer({
    "/page": { body: "<!doctype html><title>Please log in</title>" },
    "/cut": { body: qcow2, cutAfterBytes: 5000 },
    "/long": { body: qcow2, contentLength: qcow2.length + 1 },
    "/half": { body: qcow2.subarray(0, qcow2.length / 2) },
    "/overlay": { body: await Deno.readFile(images.path("overlay")) },
  });
  const cases: [string, string, RegExp][] = [
    ["/none", "not-found", /HTTP 404/],
    ["/page", "failed", /it is a web page \(HTML\), no disk image/],
    ["/cut", "failed", /broke off after \d+ of/],
    ["/long", "failed", /broke off/],
    ["/half", "failed", /damaged or cut off/],
    ["/overlay", "failed", /needs a backing file \("base.qcow2"\)/],
  ];
  for (const [path, code, message] of cases) {
    const http = { retryDelayMs: 1 };
    await assert.rejects(pullImage(ctx, server.url + path, { http }), (error) => {
      assert.ok(error instanceof CocoonError, String(error));
      assert.equal(error.code, code);
      assert.ok(error.message.startsWith(`image "${server.url}${path}": `), error.message);
      assert.match(error.message, message);
      return true;
    });
    assertUntouched(images);
  }
});

Deno.test("pullImage() hides the password of a URL", async () => {
  await using images = await testImages();
  writeDisk(images.path("disk"), { bytes: MIB });
  await using server = httpServer({ "/d": { body: await Deno.readFile(images.path("disk")) } });
  const url = server.url.replace("//", "//me:secret@");
  const { image } = await pullImage(images.ctx, `${url}/d`);
  assert.equal(image.source, `${server.url}/d`);
  assert.deepEqual(image.tags, [image.source]);
  await assert.rejects(pullImage(images.ctx, `${url}/none`), (error: Error) => {
    return !error.message.includes("secret");
  });
});

Deno.test("pullImage() ends well when two fetch the same image at once", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const body = await Deno.readFile(images.path("disk.qcow2"));
  const slow = { chunkBytes: Math.ceil(body.length / 5), delayMs: 30 };
  await using server = httpServer({ "/d": { body, slow } });
  const both = await Promise.all(
    ["one", "two"].map((tag) => pullImage(images.ctx, `${server.url}/d`, { tag })),
  );
  assert.deepEqual(both.map((b) => b.outcome).sort(), ["already-stored", "stored"]);
  assert.equal(listImages(images.ctx).length, 1);
  assert.deepEqual(listImages(images.ctx)[0]?.tags, ["one", "two"]);
  assert.equal(images.folders().length, 1);
  assert.deepEqual(images.staged(), []);
});

Deno.test("pullImage() that is interrupted leaves nothing, in every phase", async () => {
  await using images = await testImages();
  await makeDisk(images, 64 * MIB);
  const body = await Deno.readFile(images.path("disk.qcow2"));
  await using server = httpServer({ "/d": { body } });
  for (const phase of ["download", "convert", "seal"]) {
    const abort = new AbortController();
    const reason = new CocoonError("interrupted", "interrupted");
    const pulling = pullImage(images.ctx, `${server.url}/d`, {
      signal: abort.signal,
      onProgress: (progress) => progress.phase === phase && abort.abort(reason),
    });
    await assert.rejects(pulling, { code: "interrupted" }, phase);
    assertUntouched(images);
  }
});

Deno.test("resolveImage() finds a stored image by tag and by digest, or says what is near", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: MIB });
  const { image } = await pullImage(ctx, images.path("disk"), { tag: "debian:13" });
  const hex = image.digest.slice(7);
  for (
    const name of ["debian:13", image.digest, hex, hex.slice(0, 12), `sha256:${hex.slice(0, 20)}`]
  ) {
    assert.equal((await resolveImage(ctx, name)).digest, image.digest, name);
  }
  await assert.rejects(resolveImage(ctx, "debain:13"), {
    code: "not-found",
    message: 'image "debain:13": not found (did you mean "debian:13"?)',
  });
  await assert.rejects(resolveImage(ctx, "deb"), { message: /did you mean "debian:13"/ });
  for (const length of [4, 11]) {
    await assert.rejects(resolveImage(ctx, hex.slice(0, length)), {
      code: "not-found",
      message: /not found; a digest needs 12 digits/,
      hint: `Did you mean ${hex.slice(0, 12)}?`,
    });
  }
  for (const name of ["nope/nope", "nope/nope:1"]) {
    await assert.rejects(resolveImage(ctx, name), {
      code: "not-found",
      message: /no such file/,
      hint: `For an image of Docker Hub: oci:${name}`,
    });
  }
  await assert.rejects(resolveImage(ctx, "./nope/nope"), (error) => {
    assert.ok(error instanceof CocoonError);
    assert.doesNotMatch(error.hint ?? "", /Docker Hub/);
    return true;
  });
  await assert.rejects(pullImage(ctx, "debian:13", { sha256: "1".repeat(64) }), {
    message: /checksum mismatch/,
  });
  await assert.rejects(pullImage(ctx, "debian:13", { sha512: "1".repeat(128) }), {
    code: "usage",
  });
  assert.equal((await pullImage(ctx, "debian:13", { sha256: hex })).image.verified, "sha256");
  assert.deepEqual((await pullImage(ctx, hex, { tag: "more" })).image.tags, ["debian:13", "more"]);
  await assert.rejects(pullImage(ctx, images.path("disk"), { tag: "a/b" }), { code: "usage" });
});

Deno.test("resolveImage() says that a disk has been deleted, and pulling mends it", async () => {
  await using images = await testImages();
  const { ctx } = images;
  writeDisk(images.path("disk"), { bytes: MIB });
  await using server = httpServer({ "/d": { body: await Deno.readFile(images.path("disk")) } });
  const { image } = await pullImage(ctx, `${server.url}/d`, { tag: "web" });
  await Deno.remove(ctx.home.imageDir(image.digest), { recursive: true });
  await assert.rejects(resolveImage(ctx, "web"), {
    message: 'image "web": its disk has been deleted',
    hint: "cocoon image pull --force web",
  });
  assert.equal((await pullImage(ctx, "web", { force: true })).outcome, "stored");
  assert.ok(sameContent(diskPath(ctx.home, image.digest), images.path("disk")));
  assert.equal(listImages(ctx).length, 1);
});
