import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { freePort } from "../../tests/support/ports.ts";
import { skopeo, startRegistry } from "../../tests/support/registry.ts";
import { importImage } from "../import.ts";
import { pullImage } from "../pull.ts";
import { testImages } from "../testing/context.ts";
import { pseudoRandom, sameContent, writeDisk } from "../testing/qemu_img.ts";
import { pushImage } from "./push.ts";
import { fakeRegistry } from "./testing/fake_registry.ts";

const MIB = 1024 * 1024;

/** A store with an image `disk` in it, and the file that it was made from. */
async function withImage(
  body: (images: Awaited<ReturnType<typeof testImages>>, raw: string) => Promise<void>,
): Promise<void> {
  await using images = await testImages();
  images.ctx.host = { ...images.ctx.host, env: () => undefined };
  const raw = images.path("disk.raw");
  writeDisk(raw, { bytes: 64 * MIB });
  using file = await Deno.open(raw, { write: true });
  // More than what fits into one piece of any buffer.
  await file.seek(20 * MIB, Deno.SeekMode.Start);
  await file.write(pseudoRandom(9 * MIB, 3));
  await importImage(images.ctx, "disk", raw);
  await body(images, raw);
}

Deno.test("pushImage() publishes what another store, skopeo and zstd read back", async () => {
  await withImage(async (images, raw) => {
    await using registry = await startRegistry();
    const phases = new Set<string>();
    const onProgress = ({ phase }: { phase: string }) => void phases.add(phase);
    const target = `${registry.host}/team/disk:1`;
    const pushed = await pushImage(images.ctx, "disk", target, { onProgress });
    assert.equal(pushed.reference, `${target}@${pushed.digest}`);
    assert.deepEqual([...phases], ["pack", "upload"]);
    assert.deepEqual(images.staged(), []);

    await using other = await testImages();
    other.ctx.host = { ...other.ctx.host, env: () => undefined };
    const { image } = await pullImage(other.ctx, pushed.reference);
    assert.ok(sameContent(raw, `${other.ctx.home.imageDir(image.digest)}/disk.raw`));
    assert.equal(image.digest, pushed.digest);
    assert.equal(image.diskDigest, images.ctx.store.images.byTag("disk")?.diskDigest);

    const layout = images.path("copied");
    await skopeo("copy", "--src-tls-verify=false", `docker://${target}`, `dir:${layout}`);
    const manifest = JSON.parse(await Deno.readTextFile(`${layout}/manifest.json`));
    const [layer, ...others] = manifest.layers;
    assert.deepEqual(others, []);
    assert.equal(manifest.artifactType, "application/vnd.cocoon.disk.v1");
    assert.equal(layer.mediaType, "application/vnd.cocoon.disk.v1.raw+zstd");
    assert.deepEqual(layer.annotations, { "org.opencontainers.image.title": "disk.raw.zst" });
    const packed = `${layout}/${layer.digest.slice(7)}`;
    const { code, stderr } = await realHost().run(["zstd", "-dqf", packed, "-o", `${layout}/raw`]);
    assert.equal(code, 0, stderr);
    assert.ok(sameContent(raw, `${layout}/raw`));
  });
});

Deno.test("pushImage() sends nothing twice, and goes on after failures", async () => {
  await withImage(async (images) => {
    await using registry = await startRegistry();
    const target = `${registry.host}/x`;
    const first = await pushImage(images.ctx, "disk", target);
    const phases = new Set<string>();
    const again = await pushImage(images.ctx, "disk", target, {
      onProgress: ({ phase }) => void phases.add(phase),
    });
    assert.deepEqual(again, first);
    assert.ok(!phases.has("upload"));

    // A door before the registry that refuses each step once.
    await using door = fakeRegistry();
    const refused = new Set<string>();
    door.intercept = async (request, url) => {
      if (!refused.has(request.method)) {
        refused.add(request.method);
        await request.body?.cancel();
        return new Response(null, { status: 503 });
      }
      const { body, method } = request;
      const inner = new URL(url.pathname + url.search, `http://${registry.host}`);
      const headers = new Headers(request.headers);
      headers.delete("host");
      headers.delete("content-length");
      const answer = await fetch(inner, { method, headers, body });
      const location = answer.headers.get("location")?.replace(registry.host, door.host);
      const passed = new Headers(answer.headers);
      if (location !== undefined) passed.set("location", location);
      return new Response(answer.body, { status: answer.status, headers: passed });
    };
    const limits = { attempts: 3, firstDelayMs: 1 };
    const through = await pushImage(images.ctx, "disk", `${door.host}/other/x:t`, { limits });
    assert.equal(through.digest, first.digest);
    assert.deepEqual([...refused], ["POST", "PATCH", "PUT", "HEAD"]);
  });
});

Deno.test("pushImage() logs in where that is needed", async () => {
  await withImage(async (images) => {
    await using registry = await startRegistry({ user: "me" });
    const target = `${registry.host}/x:1`;
    const phases: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => void phases.push(phase);
    await assert.rejects(pushImage(images.ctx, "disk", target, { onProgress }), {
      code: "failed",
      message: /image "disk": .* refuses the access \(HTTP 401/,
      hint: /docker login/,
    });
    const nobody = `127.0.0.1:${freePort()}/x:1`;
    const limits = { attempts: 1 };
    await assert.rejects(pushImage(images.ctx, "disk", nobody, { onProgress, limits }), {
      message: /refuses connections/,
    });
    assert.deepEqual(phases, [], "nothing was packed for them");
    const auths = { [registry.host]: { auth: btoa("me:secret") } };
    await Deno.writeTextFile(images.path("config.json"), JSON.stringify({ auths }));
    images.ctx.host.env = (name) => name === "DOCKER_CONFIG" ? images.path("") : undefined;
    await pushImage(images.ctx, "disk", target);
  });
});

Deno.test("pushImage() refuses a digest as target, unknown images, and foreign upload places", async () => {
  await withImage(async (images) => {
    await using registry = fakeRegistry();
    const digest = `sha256:${"0".repeat(64)}`;
    await assert.rejects(pushImage(images.ctx, "disk", `${registry.host}/x@${digest}`), {
      code: "usage",
    });
    for (
      const [name, suggested] of [["foo", "oci:USER/foo"], ["me/foo:1", "oci:me/foo:1"]] as const
    ) {
      await assert.rejects(pushImage(images.ctx, "disk", name), {
        code: "usage",
        message: `"${name}" names no registry`,
        hint: new RegExp(`${suggested}$`),
      });
    }
    await assert.rejects(pushImage(images.ctx, "disc", `${registry.host}/x`), {
      code: "not-found",
      message: /did you mean "disk"/,
    });
    registry.intercept = ({ method }) =>
      method === "POST"
        ? new Response(null, { status: 202, headers: { location: "http://192.0.2.1/upload" } })
        : undefined;
    await assert.rejects(pushImage(images.ctx, "disk", `${registry.host}/x`), {
      message: /no place for an upload of its own/,
    });
    assert.ok(registry.requests.every(({ method }) => method === "POST"));
    assert.deepEqual(images.staged(), []);
  });
});
