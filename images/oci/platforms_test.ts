import assert from "node:assert/strict";
import { findImageHere } from "../here.ts";
import { sameContent } from "../testing/qemu_img.ts";
import { fakeRegistry } from "./testing/fake_registry.ts";
import { gzip, imageParts, indexParts, jsonBytes, tarOf } from "./testing/parts.ts";
import { containerDisk, withStore } from "./testing/store.ts";

Deno.test("pull takes the platform that is asked for, and tells which there are", async () => {
  await withStore(async ({ images, qcow2, pull }) => {
    await using registry = fakeRegistry();
    const disk = await Deno.readFile(qcow2);
    const arm = await containerDisk([{ path: "disk/arm", bytes: disk }]);
    const config = jsonBytes({ os: "linux", architecture: "arm64" });
    const { manifest } = await imageParts({
      config: { os: "linux", architecture: "arm64" },
      layers: [{ bytes: arm.blobs[1] ?? new Uint8Array() }],
    });
    const armParts = { ...arm, manifest, blobs: [config, ...arm.blobs.slice(1)] };
    const amd = await containerDisk([{ path: "disk/amd", bytes: disk }]);
    const armDigest = await registry.add("arm", armParts);
    const amdDigest = await registry.add("amd", amd);
    await registry.add(
      "both",
      await indexParts([
        { parts: armParts, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
        { parts: amd, platform: { os: "linux", architecture: "amd64" } },
      ]),
    );
    const both = `${registry.host}/x:both`;
    const near = { architecture: "x86_64" } as const;
    const far = { architecture: "aarch64" } as const;
    for (let times = 0; times < 2; times++) {
      assert.equal((await pull(both)).image.digest, amdDigest);
      const { image } = await pull(both, far);
      assert.equal(image.digest, armDigest);
      assert.equal(image.architecture, "aarch64");
      assert.deepEqual(image.tags, [`${both}-aarch64`]);
    }
    // That name is a way to ask for it, also anew.
    registry.requests.length = 0;
    for (const options of [near, far]) {
      assert.equal((await pull(`${both}-aarch64`, options)).image.digest, armDigest);
      assert.equal(
        (await findImageHere(images.ctx, both, options)).architecture,
        options.architecture,
      );
    }
    const named = await findImageHere(images.ctx, `${both}-aarch64`, near);
    assert.equal(named.digest, armDigest);
    assert.deepEqual(registry.requests, []);
    const again = await pull(`${both}-aarch64`, { force: true });
    assert.deepEqual([again.image.digest, again.outcome], [armDigest, "already-stored"]);
    assert.deepEqual(images.ctx.store.images.byTag(both)?.digest, amdDigest);
    await assert.rejects(pull(`${registry.host}/x:arm`), {
      message: /it is for linux\/arm64, not for linux\/amd64/,
    });
    await registry.add(
      "one",
      await indexParts([{ parts: armParts, platform: { os: "linux", architecture: "arm64" } }]),
    );
    await assert.rejects(pull(`${registry.host}/x:one`), {
      code: "not-found",
      message: /not there for linux\/amd64/,
      hint: "It is there for: linux/arm64",
    });
    assert.equal(images.folders().length, 2);
  });
});

Deno.test("pull takes podman's disk for this computer out of its index", async () => {
  await withStore(async ({ images, raw, pull }) => {
    await using registry = fakeRegistry();
    const { zstdCompressSync } = await import("node:zlib");
    const bytes = new Uint8Array(zstdCompressSync(await Deno.readFile(raw)));
    const artifact = (name: string, content: Uint8Array<ArrayBuffer>) =>
      imageParts({
        layers: [{
          bytes: content,
          mediaType: "application/zstd",
          annotations: { "org.opencontainers.image.title": `podman-machine.${name}.raw.zst` },
        }],
      });
    const platform = { os: "linux", architecture: "x86_64" };
    const bootc = await imageParts({ layers: [{ bytes: await gzip(tarOf([])) }] });
    const wsl = await artifact("wsl", jsonBytes("other"));
    const mac = await artifact("applehv", jsonBytes("mac"));
    const qemu = await artifact("qemu", bytes);
    for (const [tag, parts] of Object.entries({ bootc, wsl, mac, qemu })) {
      await registry.add(tag, parts);
    }
    await registry.add(
      "6.0",
      await indexParts([
        { parts: bootc, platform: { os: "linux", architecture: "amd64" } },
        { parts: wsl, platform, annotations: { disktype: "wsl" } },
        { parts: mac, platform, annotations: { disktype: "applehv" } },
        { parts: qemu, platform, annotations: { disktype: "qemu" } },
      ]),
    );
    images.ctx.host = { ...images.ctx.host, os: "linux" };
    const { image } = await pull(`${registry.host}/machine-os:6.0`);
    assert.ok(sameContent(raw, `${images.ctx.home.imageDir(image.digest)}/disk.raw`));
  });
});
