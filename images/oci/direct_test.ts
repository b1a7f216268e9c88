import assert from "node:assert/strict";
import { directFiles } from "../../state/direct_image.ts";
import { erofsPrograms } from "../../tests/support/erofs.ts";
import { collectImages } from "../collect.ts";
import type { ImageContext } from "../context.ts";
import { layersDigest } from "../disk/digest.ts";
import { pullImage } from "../pull.ts";
import { removeImages } from "../remove.ts";
import { testImages } from "../testing/context.ts";
import { pseudoRandom } from "../testing/qemu_img.ts";
import { sha256Digest } from "./client/hasher.ts";
import { type FakeRegistry, fakeRegistry } from "./testing/fake_registry.ts";
import { gzip, imageParts, type TarFile, tarOf } from "./testing/parts.ts";

const text = (content: string) => new TextEncoder().encode(content);

const BASE: TarFile[] = [
  { path: "boot/", type: "5" },
  { path: "boot/vmlinuz-1", bytes: text("old kernel") },
  { path: "boot/initrd.img-1", bytes: text("initrd") },
  { path: "boot/vmlinuz-1.old", bytes: text("no kernel") },
  { path: "etc/", type: "5" },
  { path: "etc/removed", bytes: text("removed above") },
  { path: "etc/kept", bytes: pseudoRandom(100_000, 5) },
];
const TOP: TarFile[] = [
  { path: "vmlinuz", type: "2", link: "boot/vmlinuz-2" }, // a link is no kernel
  { path: "boot/vmlinuz-2", bytes: text("new kernel") },
  { path: "etc/.wh.removed" },
];

interface Fixture {
  images: Awaited<ReturnType<typeof testImages>>;
  registry: FakeRegistry;
  programs: string;
  pull(tag: string): ReturnType<typeof pullImage>;
  /** Puts an image of these layers, base first, into the registry. */
  publish(tag: string, ...layers: TarFile[][]): Promise<void>;
}

async function withRegistry(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const programs = await erofsPrograms();
  await using images = await testImages();
  await using registry = fakeRegistry();
  const { host } = images.ctx;
  images.ctx.host = {
    ...host,
    architecture: "x86_64",
    env: () => undefined,
    which: (name) => host.which(`${programs}/${name}`),
  };
  await body({
    images,
    registry,
    programs,
    pull: (tag) => pullImage(images.ctx, `${registry.host}/x:${tag}`),
    async publish(tag, ...layers) {
      const packed = layers.map(async (files) => ({ bytes: await gzip(tarOf(files)) }));
      await registry.add(tag, await imageParts({ layers: await Promise.all(packed) }));
    },
  });
}

const blobsAsked = (registry: FakeRegistry) =>
  registry.requests.filter(({ path }) => path.includes("/blobs/")).length;

Deno.test("pull of layers with a kernel makes file systems, kernel and initrd", async () => {
  await withRegistry(async ({ images, programs, pull, publish }) => {
    await publish("1", BASE, [], TOP);
    const { image } = await pull("1");
    assert.equal(image.kind, "direct");
    assert.equal(image.sourceFormat, "layers");
    assert.equal(image.layers?.length, 2, "the empty layer is left out");
    const expected = await layersDigest(image.layers?.map((layer) => layer.diskDigest) ?? []);
    assert.equal(image.diskDigest, expected);
    assert.match(image.diskDigest, /^sha256-layers:[0-9a-f]{64}$/);
    const files = directFiles(images.ctx.home, image);
    assert.ok(files !== undefined);
    assert.equal(await Deno.readTextFile(files.kernelPath), "new kernel");
    assert.equal(await Deno.readTextFile(files.initrdPath), "initrd");
    const [base = "", top = ""] = files.layers;
    for (const [path, name] of [[base, "base"], [top, "top"]] as const) {
      const { code, stderr } = await images.ctx.host.run(
        [`${programs}/fsck.erofs`, `--extract=${images.path(name)}`, path],
      );
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(await Deno.readFile(images.path("base/etc/kept")), pseudoRandom(100_000, 5));
    // A whiteout of overlayfs: a character device 0:0 in place of what is removed.
    const whiteout = await Deno.lstat(images.path("top/etc/removed"));
    assert.ok(whiteout.isCharDevice && whiteout.rdev === 0);
    assert.equal(((await Deno.stat(base)).mode ?? 0) & 0o777, 0o444);
    assert.deepEqual(images.staged(), []);
    assert.equal((await pull("1")).outcome, "already-stored");
  });
});

Deno.test("images share layers, and one that goes leaves the others whole", async () => {
  await withRegistry(async ({ images, registry, pull, publish }) => {
    const { ctx } = images;
    await publish("1", BASE, TOP);
    await publish("2", BASE, [{ path: "etc/second", bytes: text("2") }]);
    const first = (await pull("1")).image;
    registry.requests.length = 0;
    const second = (await pull("2")).image;
    assert.equal(blobsAsked(registry), 2, "the configuration and one layer");
    const [one, two] = [directFiles(ctx.home, first), directFiles(ctx.home, second)];
    const inode = async (path = "") => (await Deno.stat(path)).ino;
    assert.equal(await inode(one?.layers[0]), await inode(two?.layers[0]));
    assert.equal(await Deno.readTextFile(two?.kernelPath ?? ""), "old kernel");
    await removeImages(ctx, first.tags);
    assert.deepEqual(await collectImages(ctx, { keepMs: 0 }), []);
    for (const path of [...two?.layers ?? [], two?.kernelPath ?? "", two?.initrdPath ?? ""]) {
      await Deno.stat(path);
    }
    // A file that was deleted by hand is fetched again, with the image.
    await Deno.remove(two?.kernelPath ?? "");
    assert.equal((await pull("2")).outcome, "stored");
    assert.equal(await Deno.readTextFile(two?.kernelPath ?? ""), "old kernel");
  });
});

Deno.test("pull refuses layers without kernel or initrd, and leaves nothing", async () => {
  await withRegistry(async ({ images, pull, publish }) => {
    const cases: [string, TarFile[], RegExp][] = [
      ["neither", [{ path: "etc/x", bytes: text("x") }], /without a kernel or a disk/],
      ["kernel", [{ path: "boot/vmlinuz", bytes: text("x") }], /no initial RAM disk/],
      ["initrd", [{ path: "initrd.img", bytes: text("x") }], /but no kernel/],
      ["deep", [{ path: "usr/boot/vmlinuz", bytes: text("x") }], /without a kernel/],
      ["outside", [...BASE, { path: "boot/../../../etc/vmlinuz", bytes: text("x") }], /leads out/],
    ];
    for (const [tag, files, message] of cases) {
      await publish(tag, files);
      await assert.rejects(pull(tag), { code: "failed", message }, tag);
    }
    assert.deepEqual([images.staged(), images.folders()], [[], []]);
  });
});

Deno.test("pull of layers says what it lacks: mkfs.erofs, or one that is new enough", async () => {
  await withRegistry(async ({ images, registry, pull, publish }) => {
    await publish("1", BASE);
    const { ctx } = images;
    const { host } = ctx;
    const fails = async (which: ImageContext["host"]["which"], message: RegExp) => {
      ctx.host = { ...host, which };
      const hint = /erofs-utils 1\.8 or newer.*Debian 12 has 1\.5/;
      await assert.rejects(pull("1"), { code: "host-lacks", message, hint });
      assert.deepEqual([images.staged(), images.folders()], [[], []]);
    };
    await fails(() => undefined, /need mkfs\.erofs, which is not installed/);
    registry.requests.length = 0;
    const old = images.path("mkfs.erofs");
    await Deno.writeTextFile(old, "#!/bin/sh\necho mkfs.erofs 1.5\n", { mode: 0o755 });
    await fails(() => old, /1\.8 or newer, and .* is 1\.5/);
    assert.equal(blobsAsked(registry), 1, "the configuration; the layer was kept");
    await Deno.writeTextFile(
      old,
      '#!/bin/sh\n[ "$1" = --version ] && echo 1.9 && exit\ncat >/dev/null\necho broken >&2\nexit 1\n',
      { mode: 0o755 },
    );
    ctx.host = { ...host, which: () => old };
    await assert.rejects(pull("1"), { code: "failed", message: /cannot read its layer: broken/ });
    assert.deepEqual([images.staged(), images.folders()], [[], []]);
  });
});

Deno.test("pull of layers without mkfs.erofs ends before all of them are fetched", async () => {
  await withRegistry(async ({ images, registry, pull, publish }) => {
    const { ctx } = images;
    const { host } = ctx;
    const others = [1, 2, 3, 4, 5, 6].map((n): TarFile[] => [
      { path: `etc/${n}`, bytes: pseudoRandom(100_000, n) },
    ]);
    await publish("1", BASE, ...others);
    await publish("2", BASE, ...others.slice(1));
    ctx.host = { ...host, which: () => undefined };
    // Only the layer with the kernel comes; the others wait for it.
    const base = await sha256Digest(await gzip(tarOf(BASE)));
    const hold = Promise.withResolvers<void>();
    const { intercept } = registry;
    let layers = 0;
    registry.intercept = async (request, url) => {
      const digest = url.pathname.split("/").at(-1) ?? "";
      // Compressed with gzip, as the configuration is not.
      const isLayer = registry.blob(digest)?.[0] === 0x1f;
      if (isLayer) layers++;
      if (isLayer && digest !== base) await hold.promise;
      return await intercept(request, url);
    };
    await assert.rejects(pull("1"), { code: "host-lacks" });
    hold.resolve();
    assert.ok(layers <= 4, "those that were begun together");

    // What the first try has fetched is not asked for again.
    registry.intercept = intercept;
    ctx.host = host;
    registry.requests.length = 0;
    assert.equal((await pull("1")).image.kind, "direct");
    assert.equal(blobsAsked(registry), 1 + others.length);

    // Some layers are known to be of a guest: nothing of the others is fetched.
    await publish("3", BASE, [{ path: "etc/new", bytes: text("new") }]);
    ctx.host = { ...host, which: () => undefined };
    registry.requests.length = 0;
    await assert.rejects(pull("3"), { code: "host-lacks" });
    assert.equal(blobsAsked(registry), 1, "the configuration");
    // And where all are known, the program is not needed.
    assert.equal((await pull("2")).image.kind, "direct");
  });
});
