import assert from "node:assert/strict";
import type { ImageTable } from "../config/types.ts";
import { CocoonError } from "../errors/error.ts";
import { type HttpServer, httpServer } from "../tests/support/http_server.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { listImages } from "./list.ts";
import { pullImage, resolveImage } from "./pull.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { testKeys } from "./testing/openpgp.ts";
import { writeDisk } from "./testing/qemu_img.ts";

const MIB = 1024 * 1024;

interface Site {
  images: TestImages;
  server: HttpServer;
  /** Publishes a disk as `/disk.img` with `/SHA256SUMS`; returns its digest. */
  publish(seed: number): Promise<string>;
  /** A catalogue in which `acme` has this table. */
  catalogue(table?: Partial<ImageTable>): Catalogue;
}

async function withSite(body: (site: Site) => Promise<void>): Promise<void> {
  await using images = await testImages();
  await using server = httpServer();
  await body({
    images,
    server,
    async publish(seed) {
      const path = images.path(`disk-${seed}`);
      writeDisk(path, { bytes: MIB, seed });
      const bytes = await Deno.readFile(path);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      server.serve("/disk.img", { body: bytes });
      server.serve("/SHA256SUMS", { body: `${digest}  disk.img\n` });
      return digest;
    },
    catalogue: (table = {}) =>
      new Catalogue({
        acme: {
          source: `${server.url}/disk.img`,
          checksum: `${server.url}/SHA256SUMS`,
          aliases: ["corp"],
          minimumDiskBytes: 5 * MIB,
          ...table,
        },
      }, images.ctx.host.architecture),
  });
}

Deno.test("pullImage() gets a name with its publisher's digest, once", async () => {
  await withSite(async ({ images: { ctx }, server, publish, catalogue }) => {
    const digest = await publish(1);
    const options = { catalogue: catalogue(), requireVerified: true };
    const { image, outcome } = await pullImage(ctx, "corp", options);
    assert.equal(outcome, "stored");
    assert.equal(image.digest, `sha256:${digest}`);
    assert.deepEqual(image.tags, ["acme"]); // the name, not the alias
    assert.equal(image.verified, "checksum");
    assert.deepEqual(image.verifiedBy, { checksum: `${server.url}/SHA256SUMS` });
    assert.equal(image.catalogueName, "acme");
    assert.equal(image.architecture, ctx.host.architecture);
    assert.equal(image.minimumDiskBytes, 5 * MIB);

    const asked = server.requests.length;
    assert.equal((await pullImage(ctx, "acme", options)).outcome, "already-stored");
    assert.equal((await resolveImage(ctx, "corp", options)).digest, image.digest);
    assert.equal(server.requests.length, asked);
  });
});

Deno.test("pullImage() with force fetches a name only when its publisher has another", async () => {
  await withSite(async ({ images: { ctx }, server, publish, catalogue }) => {
    const first = await publish(1);
    const options = { catalogue: catalogue(), requireVerified: true, force: true };
    await pullImage(ctx, "acme", options);
    const fetched = () => server.requests.filter(({ path }) => path === "/disk.img").length;
    const once = fetched();
    assert.equal((await pullImage(ctx, "acme", options)).outcome, "already-stored");
    assert.equal(fetched(), once);

    const second = await publish(2);
    const { image } = await pullImage(ctx, "acme", options);
    assert.equal(image.digest, `sha256:${second}`);
    assert.deepEqual(image.tags, ["acme"]);
    const [old] = listImages(ctx);
    assert.deepEqual([old?.digest, old?.tags], [`sha256:${first}`, []]);
  });
});

Deno.test("pullImage() refuses a name whose image is not what its publisher says", async () => {
  await withSite(async ({ images, server, publish, catalogue }) => {
    await publish(1);
    server.serve("/SHA256SUMS", { body: `${"0".repeat(64)}  disk.img\n` });
    const options = { catalogue: catalogue() };
    await assert.rejects(pullImage(images.ctx, "acme", options), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.match(
        error.message,
        /^image "acme": checksum mismatch \(http:.*\/SHA256SUMS of its publisher has sha256 0+, got/,
      );
      assert.match(error.hint ?? "", /replacing it.*Try again later/);
      assert.doesNotMatch(error.hint ?? "", /--sha/);
      return true;
    });
    assert.deepEqual(listImages(images.ctx), []);
    assert.deepEqual(images.staged(), []);
  });
});

Deno.test("pullImage() checks the publisher's signature, and says so for ever", async () => {
  await withSite(async ({ images: { ctx }, server, publish, catalogue }) => {
    await using keys = await testKeys();
    const key = await keys.make("Publisher <p@example.org>");
    const sums = `${await publish(1)}  disk.img\n`;
    server.serve("/key", { body: key.armored });
    server.serve("/SHA256SUMS.asc", { body: await key.sign(sums) });
    const table = {
      signature: `${server.url}/SHA256SUMS.asc`,
      keys: [{ fingerprint: key.fingerprint, source: `${server.url}/key` }],
    };
    const options = { catalogue: catalogue(table), requireVerified: true };
    const { image } = await pullImage(ctx, "acme", options);
    assert.equal(image.verified, "signature");
    assert.equal(image.verifiedBy?.key, key.fingerprint);

    server.serve("/SHA256SUMS", { body: `${"0".repeat(64)}  disk.img\n` });
    await assert.rejects(pullImage(ctx, "acme", { ...options, force: true }), {
      message: /^image "acme": .*SHA256SUMS: the signature is wrong/,
    });
    assert.deepEqual(listImages(ctx)[0]?.tags, ["acme"]);
    // Less than a signature does not take its place.
    await pullImage(ctx, "acme", { ...options, sha256: image.digest });
    assert.equal(listImages(ctx)[0]?.verified, "signature");
  });
});

Deno.test("pullImage() refuses what nobody vouches for, unless that is allowed", async () => {
  await withSite(async ({ images: { ctx }, server, publish, catalogue }) => {
    const digest = await publish(1);
    const url = `${server.url}/disk.img`;
    const refused = {
      code: "failed",
      message: `image "${url}": nobody vouches for it: no digest is known`,
    };
    await assert.rejects(pullImage(ctx, url, { requireVerified: true }), refused);
    assert.equal(server.requests.length, 0);
    const table = { source: url };
    const bare = new Catalogue({ acme: table }, ctx.host.architecture);
    await assert.rejects(pullImage(ctx, "acme", { catalogue: bare, requireVerified: true }), {
      message: /^image "acme": nobody vouches/,
    });

    const { image } = await pullImage(ctx, url);
    assert.equal(image.verified, "none");
    // It was accepted once; a later use of the same is no new decision, and `none` stays.
    assert.equal((await resolveImage(ctx, url, { requireVerified: true })).verified, "none");
    assert.equal((await pullImage(ctx, url, { sha256: digest })).image.verified, "sha256");

    // Without its checksum file a name is refused, and with the allowance it is a warning.
    server.serve("/SHA256SUMS", { body: "", status: 404 });
    const options = { catalogue: catalogue(), force: true };
    await assert.rejects(pullImage(ctx, "acme", { ...options, requireVerified: true }), {
      code: "not-found",
    });
    const warnings: string[] = [];
    await pullImage(ctx, "acme", { ...options, onWarning: (message) => warnings.push(message) });
    assert.match(warnings.join(), /^nothing was verified: /);
  });
});

Deno.test("pullImage() believes a checksum file over plain http only with a good signature", async () => {
  await withSite(async ({ images: { ctx }, server, publish, catalogue }) => {
    await using keys = await testKeys();
    const key = await keys.make("Publisher <p@example.org>");
    const sums = `${await publish(1)}  disk.img\n`;
    server.serve("/key", { body: key.armored });
    server.serve("/SHA256SUMS.asc", { body: await key.sign(sums) });
    // Reaches this computer, but is no name of it.
    const elsewhere = server.url.replace("127.0.0.1", "0.0.0.0");
    const table = { checksum: `${elsewhere}/SHA256SUMS` };
    const plain = { catalogue: catalogue(table) };
    await assert.rejects(pullImage(ctx, "acme", { ...plain, requireVerified: true }), {
      code: "failed",
      message: `image "acme": nobody vouches for it: its checksum file came over plain http ` +
        `without a good signature (${elsewhere}/SHA256SUMS)`,
      hint: /--insecure-unverified/,
    });
    assert.deepEqual(listImages(ctx), []);

    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const { image } = await pullImage(ctx, "acme", { ...plain, onWarning });
    assert.deepEqual([image.verified, image.verifiedBy], ["none", undefined]);
    assert.match(warnings.join(), /^nothing was verified: its checksum file came over plain http/);

    const signed = catalogue({
      ...table,
      signature: `${elsewhere}/SHA256SUMS.asc`,
      keys: [{ fingerprint: key.fingerprint, source: `${elsewhere}/key` }],
    });
    const again = { catalogue: signed, requireVerified: true, force: true };
    assert.equal((await pullImage(ctx, "acme", again)).image.verified, "signature");
  });
});

Deno.test("pullImage() keeps the images of another architecture under names of their own", async () => {
  await withSite(async ({ images, server, publish }) => {
    const { ctx } = images;
    const host = ctx.host.architecture;
    const foreign = host === "x86_64" ? "aarch64" : "x86_64";
    const catalogue = new Catalogue({
      acme: {
        [host]: { source: `${server.url}/disk.img`, checksum: `${server.url}/SHA256SUMS` },
        [foreign]: { source: `${server.url}/far.img`, sha256: await publish(2) },
      },
    }, host);
    server.serve("/far.img", { body: await Deno.readFile(images.path("disk-2")) });
    const near = `sha256:${await publish(1)}`;
    const options = { catalogue, requireVerified: true };

    const far = (await pullImage(ctx, "acme", { ...options, architecture: foreign })).image;
    assert.deepEqual([far.tags, far.verified], [[`acme-${foreign}`], "sha256"]);
    assert.equal((await resolveImage(ctx, "acme", options)).digest, near);
    for (const name of ["acme", `acme-${foreign}`]) {
      const again = await resolveImage(ctx, name, { ...options, architecture: foreign });
      assert.equal(again.digest, far.digest, name);
    }
  });
});

Deno.test("pullImage() takes a stored name before a shipped one, and a table of the user before both", async () => {
  await withSite(async ({ images, server, publish }) => {
    const { ctx } = images;
    await publish(1);
    const { image: own } = await pullImage(ctx, images.path("disk-1"), { tag: "debian:13" });
    const shipped = new Catalogue({}, ctx.host.architecture);
    assert.equal((await resolveImage(ctx, "debian:13", { catalogue: shipped })).digest, own.digest);
    assert.equal((await resolveImage(ctx, "debian", { catalogue: shipped })).digest, own.digest);

    const digest = await publish(2);
    const table = { source: `${server.url}/disk.img`, sha256: digest };
    const mine = new Catalogue({ "debian:13": table }, ctx.host.architecture);
    const { image } = await pullImage(ctx, "debian:13", { catalogue: mine, requireVerified: true });
    assert.deepEqual([image.digest, image.tags], [`sha256:${digest}`, ["debian:13"]]);
    // A table that changes is followed at once.
    const next = await publish(3);
    const changed = new Catalogue(
      { "debian:13": { ...table, sha256: next } },
      ctx.host.architecture,
    );
    assert.equal(
      (await resolveImage(ctx, "debian:13", { catalogue: changed })).digest,
      `sha256:${next}`,
    );
  });
});

Deno.test("pullImage() suggests names for one that is unknown", async () => {
  await using images = await testImages();
  const { ctx } = images;
  const catalogue = new Catalogue({}, ctx.host.architecture);
  await assert.rejects(pullImage(ctx, "opensuse", { catalogue }), {
    code: "not-found",
    message: 'image "opensuse": not found ' +
      '(did you mean "opensuse:leap-16.0" or "opensuse:tumbleweed"?)',
    hint: /^`cocoon image search` shows/,
  });
  writeDisk(images.path("disk"), { bytes: MIB });
  await pullImage(ctx, images.path("disk"), { tag: "debian:15" });
  await assert.rejects(pullImage(ctx, "debian:14", { catalogue }), {
    message: /did you mean "debian:15", "debian:13" or "debian:12"\?\)$/,
  });
});
