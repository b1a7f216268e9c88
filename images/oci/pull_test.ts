import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import { skopeo, startRegistry } from "../../tests/support/registry.ts";
import { listImages } from "../list.ts";
import { sameContent } from "../testing/qemu_img.ts";
import { sha256Digest } from "./client/hasher.ts";
import { type FakeRegistry, fakeRegistry } from "./testing/fake_registry.ts";
import {
  concat,
  gzip,
  imageParts,
  type ImageShape,
  jsonBytes,
  tarOf,
  writeLayout,
} from "./testing/parts.ts";
import { containerDisk, type Fixture, withStore } from "./testing/store.ts";

/** What a pull fails with; the store is then empty. */
async function fails(
  { images, pull }: Fixture,
  reference: string,
  expected: { code?: string; message: RegExp; hint?: RegExp },
): Promise<void> {
  await assert.rejects(pull(reference), (error) => {
    assert.ok(error instanceof CocoonError, String(error));
    assert.equal(error.code, expected.code ?? "failed", error.message);
    assert.match(error.message, expected.message);
    assert.match(error.hint ?? "", expected.hint ?? /./);
    return true;
  });
  assert.deepEqual(listImages(images.ctx), []);
  assert.deepEqual([images.staged(), images.folders()], [[], []]);
}

Deno.test("pull of a container disk from a real registry, compressed in every way", async () => {
  await withStore(async ({ images, raw, qcow2, pull }) => {
    const tar = tarOf([{ path: "disk/x.qcow2", bytes: await Deno.readFile(qcow2) }]);
    const mediaType = "application/vnd.oci.image.layer.v1.tar";
    const config = {
      ...{ os: "linux", architecture: "amd64" },
      rootfs: { type: "layers", diff_ids: [await sha256Digest(tar)] },
    };
    const parts = await imageParts({ config, layers: [{ bytes: tar, mediaType }] });
    await writeLayout(images.path("layout"), "one", parts);
    for (const [tag, flags] of [["gz", []], ["zst", ["--dest-compress-format", "zstd"]]] as const) {
      // One each: skopeo would give the second image the layer that it knows to be there.
      await using registry = await startRegistry();
      const target = `docker://${registry.host}/team/disk:${tag}`;
      const source = `oci:${images.path("layout")}:one`;
      await skopeo("copy", ...flags, "--dest-tls-verify=false", source, target);
      const { image, outcome } = await pull(`${registry.host}/team/disk:${tag}`);
      assert.ok(sameContent(raw, `${images.ctx.home.imageDir(image.digest)}/disk.raw`));
      assert.equal(image.sourceFormat, "qcow2");
      assert.equal(image.verified, "registry");
      assert.equal(image.architecture, "x86_64");
      assert.deepEqual(image.tags, [`${registry.host}/team/disk:${tag}`]);
      const raws = await skopeo("inspect", "--tls-verify=false", "--raw", target);
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(raws));
      assert.equal(image.digest, `sha256:${new Uint8Array(hash).toHex()}`);
      assert.equal(outcome, "stored");
      assert.match(raws, tag === "gz" ? /tar\+gzip/ : /tar\+zstd/);
    }
    assert.deepEqual(images.staged(), []);
  });
});

Deno.test("pull with a login from Docker's configuration", async () => {
  await withStore(async ({ images, qcow2, pull }) => {
    await using registry = await startRegistry({ user: "me" });
    await writeLayout(
      images.path("layout"),
      "one",
      await containerDisk([{ path: "disk/x", bytes: await Deno.readFile(qcow2) }]),
    );
    await skopeo(
      ...["copy", "--dest-creds", "me:secret", "--dest-tls-verify=false"],
      ...[`oci:${images.path("layout")}:one`, `docker://${registry.host}/x:1`],
    );
    await assert.rejects(pull(`${registry.host}/x:1`), {
      code: "failed",
      message: /refuses the access \(HTTP 401/,
    });
    const auths = { [registry.host]: { auth: btoa("me:secret") } };
    await Deno.writeTextFile(images.path("config.json"), JSON.stringify({ auths }));
    images.ctx.host.env = (name) => name === "DOCKER_CONFIG" ? images.path("") : undefined;
    assert.equal((await pull(`${registry.host}/x:1`)).outcome, "stored");
  });
});

Deno.test("a second pull asks nobody, --force asks for the manifest alone", async () => {
  await withStore(async ({ qcow2, pull }) => {
    await using registry = fakeRegistry();
    const digest = await registry.add(
      "latest",
      await containerDisk([{ path: "disk/x", bytes: await Deno.readFile(qcow2) }]),
    );
    await pull(`${registry.host}/x`);
    registry.requests.length = 0;
    assert.equal((await pull(`${registry.host}/x`)).outcome, "already-stored");
    assert.equal((await pull(`oci:${registry.host}/x:latest`)).outcome, "already-stored");
    assert.equal(registry.requests.length, 0);
    assert.equal((await pull(`${registry.host}/x`, { force: true })).outcome, "already-stored");
    assert.equal(registry.requests.length, 1);
    const { image } = await pull(`${registry.host}/x@${digest}`, { tag: "mine" });
    assert.equal(image.verified, "sha256");
    assert.ok(image.tags.includes("mine"));
    assert.equal((await pull("mine", { force: true })).outcome, "already-stored");
  });
});

Deno.test("pull takes artifacts of one disk, whatever their media types are", async () => {
  await withStore(async ({ images, raw, qcow2, pull }) => {
    await using registry = fakeRegistry();
    const shapes: [string, ImageShape][] = [];
    const empty = { configType: "application/vnd.oci.empty.v1+json", config: {} };
    const disk = await Deno.readFile(qcow2);
    const own = "application/vnd.cocoon.disk.v1.qcow2";
    shapes.push(["own", {
      ...empty,
      artifactType: "application/vnd.cocoon.disk.v1",
      layers: [{ bytes: disk, mediaType: own }],
    }]);
    // What `oras push` makes of a file without a type.
    shapes.push(["oras", {
      ...empty,
      layers: [{ bytes: disk, mediaType: "application/vnd.oci.image.layer.v1.tar" }],
    }]);
    shapes.push(["gzip", {
      ...empty,
      layers: [{ bytes: await gzip(await Deno.readFile(raw)), mediaType: "application/x-disk" }],
    }]);
    for (const [tag, shape] of shapes) {
      await registry.add(tag, await imageParts(shape));
      const { image } = await pull(`${registry.host}/x:${tag}`);
      assert.ok(sameContent(raw, `${images.ctx.home.imageDir(image.digest)}/disk.raw`), tag);
    }
  });
});

Deno.test("pull refuses what cannot become a machine, with what to do instead", async () => {
  await withStore(async (fixture) => {
    await using registry = fakeRegistry();
    const cases: [string, ImageShape, { message: RegExp; hint?: RegExp }][] = [
      ["tart", {
        configType: "application/vnd.oci.image.config.v1+json",
        layers: [{ bytes: jsonBytes({}), mediaType: "application/vnd.cirruslabs.tart.config.v1" }],
      }, { message: /Tart image/, hint: /Another version/ }],
      ["bootc", {
        config: { architecture: "amd64", config: { Labels: { "containers.bootc": "1" } } },
        layers: [{ bytes: await gzip(tarOf([{ path: "usr/", type: "5" }])) }],
      }, { message: /bootc image/, hint: /bootc-image-builder/ }],
      ["plain", {
        layers: [{ bytes: await gzip(tarOf([{ path: "etc/os-release", bytes: jsonBytes(1) }])) }],
      }, { message: /container image: files without/, hint: /containerdisks/ }],
      ["parts", {
        configType: "application/vnd.oci.empty.v1+json",
        layers: ["a", "b"].map((title) => ({
          bytes: jsonBytes(title),
          mediaType: "application/octet-stream",
          annotations: { "org.opencontainers.image.title": `${title}\u001b.qcow2` },
        })),
      }, { message: /artifact of 2 files: a \.qcow2, b \.qcow2/, hint: /oras pull/ }],
      ["text", {
        configType: "application/vnd.oci.empty.v1+json",
        layers: [{ bytes: jsonBytes({ a: 1 }), mediaType: "text/json" }],
      }, { message: /JSON document/ }],
      ["none", { layers: [] }, { message: /without any content/ }],
    ];
    for (const [tag, shape, expected] of cases) {
      await registry.add(tag, await imageParts(shape));
      await fails(fixture, `${registry.host}/x:${tag}`, expected);
    }
    await fails(fixture, `${registry.host}/x:nothing`, {
      code: "not-found",
      message: /image "127.*x:nothing".*MANIFEST_UNKNOWN/,
    });
  });
});

Deno.test("pull refuses hostile layers and leaves the store as it was", async () => {
  await withStore(async (fixture) => {
    await using registry = fakeRegistry();
    const disk = await Deno.readFile(fixture.qcow2);
    const good = { path: "disk/x", bytes: disk };
    const archives: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
      ["traversal", tarOf([good, { path: "disk/../../../x", bytes: disk }]), /leads out of it/],
      ["first", tarOf([{ path: "../disk/x", bytes: disk }]), /leads out of it/],
      ["two", tarOf([good, { path: "disk/y", bytes: disk }]), /more than one disk/],
      ["cut", tarOf([good]).slice(0, 3000), /ends in the middle|ends in a file/],
      ["long", tarOf([{ ...good, size: 8 ** 11 - 1 }]), /ends in the middle|ends in a file/],
      ["noise", concat([tarOf([good]).slice(0, 400), new Uint8Array(600).fill(7)]), /checksum/],
    ];
    for (const [tag, tar, message] of archives) {
      await registry.add(tag, await imageParts({ layers: [{ bytes: await gzip(tar) }] }));
      await fails(fixture, `${registry.host}/x:${tag}`, { message });
    }
    const packed = await gzip(tarOf([good]));
    const layers: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
      ["torn", packed.slice(0, -2000), /damaged|ends|end of file/],
      ["more", concat([packed, jsonBytes("and something else")]), /followed|damaged/],
    ];
    for (const [tag, bytes, message] of layers) {
      await registry.add(tag, await imageParts({ layers: [{ bytes }] }));
      await fails(fixture, `${registry.host}/x:${tag}`, { message });
    }
  });
});

Deno.test("pull discards a disk whose last bytes are not what was promised", async () => {
  await withStore(async (fixture) => {
    await using registry = fakeRegistry();
    const disk = await Deno.readFile(fixture.raw);
    const parts = await imageParts({
      configType: "application/vnd.oci.empty.v1+json",
      layers: [{ bytes: disk, mediaType: "application/vnd.cocoon.disk.v1.raw" }],
    });
    await registry.add("latest", parts);
    const { layers: [layer] } = JSON.parse(new TextDecoder().decode(parts.manifest));
    const other = disk.slice();
    other[other.length - 1] = 1 + (other.at(-1) ?? 0);
    registry.setBlob(layer.digest, other);
    await fails(fixture, `${registry.host}/x`, { message: /checksum mismatch.*discarded/ });
    // Zeros after compressed data: nothing of the disk changes, and yet it is another blob.
    const packed = await gzip(disk);
    const more = await imageParts({
      configType: "application/vnd.oci.empty.v1+json",
      layers: [{ bytes: packed, mediaType: "application/vnd.cocoon.disk.v1.raw+gzip" }],
    });
    await registry.add("zeros", more);
    const { layers: [zipped] } = JSON.parse(new TextDecoder().decode(more.manifest));
    registry.setBlob(zipped.digest, concat([packed, new Uint8Array(100)]));
    await fails(fixture, `${registry.host}/x:zeros`, { message: /has \d+ bytes, but \d+ by its/ });
  });
});

Deno.test("--sha256 pins the manifest, and an unknown voucher is refused where one is needed", async () => {
  await withStore(async ({ images, qcow2, pull }) => {
    await using registry: FakeRegistry = fakeRegistry();
    const digest = await registry.add(
      "latest",
      await containerDisk([{ path: "disk/x", bytes: await Deno.readFile(qcow2) }]),
    );
    const wrong = pull(`${registry.host}/x`, { sha256: "0".repeat(64) });
    await assert.rejects(wrong, {
      code: "not-found",
      message: /does not have sha256:0+ in this repository \(HTTP 404, MANIFEST_UNKNOWN/,
      hint: /Check the name and the digest/,
    });
    await assert.rejects(pull(`${registry.host}/x`, { sha512: "0".repeat(128) }), {
      code: "usage",
      message: /known by their sha256/,
    });
    // The same registry by an address that does not say that it is this computer.
    const elsewhere = `${registry.host.replace("127.0.0.1", "0.0.0.0")}/x`;
    const open = { plainHttp: true, requireVerified: true };
    await assert.rejects(pull(elsewhere, open), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.match(error.message, /nobody vouches.*without TLS/);
      assert.match(error.hint ?? "", /0\.0\.0\.0:\d+\/x@sha256:HEX\), .*--insecure-unverified/);
      assert.doesNotMatch(error.hint ?? "", /sha512|\[images\]/);
      return true;
    });
    assert.deepEqual(images.folders(), []);
    const { image } = await pull(elsewhere, { ...open, sha256: digest.slice(7) });
    assert.equal(image.verified, "sha256");
    const second = await pull(`${registry.host}/x`, { sha256: digest.slice(7) });
    assert.equal(second.outcome, "already-stored");
    assert.ok(realHost().exists(`${images.ctx.home.imageDir(digest)}/disk.raw`));
  });
});
