import assert from "node:assert/strict";
import { httpServer } from "../tests/support/http_server.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { fakeRegistry } from "./oci/testing/fake_registry.ts";
import { imageParts } from "./oci/testing/parts.ts";
import { askUpstream, namesWithUpstream } from "./outdated.ts";
import { pullImage } from "./pull.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

async function disk(images: TestImages, seed: number): Promise<Uint8Array<ArrayBuffer>> {
  const path = images.path(`disk-${seed}`);
  writeDisk(path, { bytes: MIB, seed });
  return await Deno.readFile(path);
}

async function hex(algorithm: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes)).toHex();
}

Deno.test("askUpstream() tells versions of a URL apart by what its server says", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const body = await disk(images, 1);
  const date = "Wed, 01 Jan 2025 00:00:00 GMT";
  await using server = httpServer({
    "/etag": { body, headers: { etag: 'W/"1"' } },
    "/date": { body, headers: { "last-modified": date } },
    "/none": { body },
  });
  const state = async (path: string) => {
    const tag = server.url + path;
    // Each as its own image: the same content is stored once, with one origin.
    const image = ctx.store.images.byTag(tag);
    assert.ok(image);
    const { state, reason } = await askUpstream(ctx, tag, { ...image, source: tag });
    return reason === undefined ? state : `${state}: ${reason}`;
  };
  for (const path of ["/etag", "/date", "/none"]) {
    await using alone = await testImages();
    const { image } = await pullImage(alone.ctx, server.url + path);
    ctx.store.images.put({ ...image, digest: `sha256:${path}` }, server.url + path);
  }
  assert.equal(await state("/etag"), "current");
  assert.equal(await state("/date"), "current");
  assert.match(await state("/none"), /^unknown: its server did not say/);
  const conditions = server.requests.slice(-2).map(({ headers }) => [
    headers.get("if-none-match"),
    headers.get("if-modified-since"),
  ]);
  assert.deepEqual(conditions, [['W/"1"', null], [null, date]]);

  server.serve("/etag", { body: "", status: 304, headers: { etag: 'W/"1"' } });
  assert.equal(await state("/etag"), "current");
  server.serve("/etag", { body, headers: { etag: 'W/"2"' } });
  assert.equal(await state("/etag"), "outdated");
  server.serve("/etag", { body });
  assert.match(await state("/etag"), /^unknown: its server no longer tells versions apart/);
  server.serve("/etag", { body, status: 404 });
  assert.match(await state("/etag"), /^unknown: the server has no such file/);
});

Deno.test("askUpstream() compares a publisher's sha512 with the one of the download", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const body = await disk(images, 1);
  const sums = `${await hex("SHA-512", body)}  d.img\n`;
  await using server = httpServer({ "/d.img": { body }, "/SHA512SUMS": { body: sums } });
  const table = { source: `${server.url}/d.img`, checksum: `${server.url}/SHA512SUMS` };
  const catalogue = new Catalogue({ acme: table }, ctx.host.architecture);
  const { image } = await pullImage(ctx, "acme", { catalogue });
  const ask = async (of = image) => await askUpstream(ctx, "acme", of, { catalogue });
  assert.equal((await ask()).state, "current");
  const { sourceSha512: _unknown, ...old } = image;
  assert.match((await ask(old)).reason ?? "", /its sha512 was not computed/);
  server.serve("/SHA512SUMS", { body: sums.replace(/^./, (c) => c === "0" ? "1" : "0") });
  assert.equal((await ask()).state, "outdated");
  // A digest by hand in the table is the user's decision, and asks nobody.
  const fixed = new Catalogue({
    acme: { ...table, sha256: await hex("SHA-256", body) },
  }, ctx.host.architecture);
  const asked = server.requests.length;
  assert.equal((await askUpstream(ctx, "acme", image, { catalogue: fixed })).state, "current");
  assert.equal(server.requests.length, asked);
});

Deno.test("askUpstream() asks a registry for the manifest of a tag", async () => {
  await using images = await testImages();
  const { ctx } = images;
  ctx.host = { ...ctx.host, env: () => undefined };
  await using registry = fakeRegistry();
  const shape = async (seed: number) =>
    await imageParts({
      layers: [{ bytes: await disk(images, seed), mediaType: "application/octet-stream" }],
      artifactType: "application/vnd.example.disk",
      configType: "application/vnd.oci.empty.v1+json",
      config: {},
    });
  await registry.add("latest", await shape(1));
  const reference = `oci:${registry.host}/acme/disk:latest`;
  const { image } = await pullImage(ctx, reference);
  const [named] = namesWithUpstream(ctx);
  assert.equal(named?.image.digest, image.digest);
  const ask = async () => (await askUpstream(ctx, named?.tag ?? "", image)).state;
  assert.equal(await ask(), "current");
  await registry.add("latest", await shape(2));
  assert.equal(await ask(), "outdated");
  assert.ok(registry.requests.filter(({ path }) => path.includes("/blobs/")).length <= 2);
});

Deno.test("askUpstream() ends when it is interrupted", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const body = await disk(images, 1);
  await using server = httpServer({ "/d": { body, headers: { etag: '"1"' } } });
  const { image } = await pullImage(ctx, `${server.url}/d`);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(askUpstream(ctx, image.source, image, { signal }), reason);
});
