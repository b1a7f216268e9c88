import assert from "node:assert/strict";
import { waitFor } from "../../tests/support/wait_for.ts";
import { collectImages } from "../collect.ts";
import type { ProgressPhase } from "../context.ts";
import { readJournal } from "../downloads/journal.ts";
import { pullImage, type PullOptions } from "../pull.ts";
import { testImages } from "../testing/context.ts";
import { pseudoRandom, writeDisk } from "../testing/qemu_img.ts";
import { type FakeRegistry, fakeRegistry } from "./testing/fake_registry.ts";
import { gzip, imageParts, jsonBytes, tarOf } from "./testing/parts.ts";

const MIB = 1024 * 1024;
const ONCE = { http: { attempts: 1, retryDelayMs: 1 } };

interface Fixture {
  images: Awaited<ReturnType<typeof testImages>>;
  registry: FakeRegistry;
  /** Reference of an artifact of one disk, and of a container disk. */
  references: string[];
  pull(reference: string, options?: PullOptions): ReturnType<typeof pullImage>;
  /** Names in `images/partial`. */
  partials(): string[];
  /** Ranges of all requests for blobs, `-` for a whole one. */
  ranges(): string[];
}

/** The two kinds of images with a disk that does not get smaller by compression. */
async function withRegistry(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using images = await testImages();
  await using registry = fakeRegistry();
  images.ctx.host = { ...images.ctx.host, architecture: "x86_64", env: () => undefined };
  writeDisk(images.path("disk.raw"), { bytes: 4 * MIB });
  const disk = await Deno.readFile(images.path("disk.raw"));
  disk.set(pseudoRandom(3 * MIB, 9), MIB);
  await registry.add(
    "disk",
    await imageParts({
      configType: "application/vnd.oci.empty.v1+json",
      config: {},
      layers: [{ bytes: disk, mediaType: "application/vnd.cocoon.disk.v1.raw" }],
    }),
  );
  const layer = await gzip(tarOf([{ path: "disk/x.raw", bytes: disk }]));
  await registry.add("container", await imageParts({ layers: [{ bytes: layer }] }));
  await body({
    images,
    registry,
    references: ["disk", "container"].map((tag) => `${registry.host}/x:${tag}`),
    pull: (reference, options = {}) => pullImage(images.ctx, reference, options),
    partials: () => {
      try {
        return [...Deno.readDirSync(images.ctx.home.partialDir)].map(({ name }) => name).sort();
      } catch {
        return [];
      }
    },
    ranges: () =>
      registry.requests
        .filter(({ path }) => path.includes("/blobs/"))
        .map(({ range }) => range ?? "-"),
  });
}

/** Large blobs come slowly, in pieces; where they end too early, nothing comes afterwards. */
function slowly(registry: FakeRegistry, delayMs: number, endAfterBytes = Infinity): void {
  registry.intercept = (request, url) => {
    if (!url.pathname.includes("/blobs/")) return undefined;
    if (request.headers.has("range")) {
      return endAfterBytes < Infinity ? new Response(null, { status: 503 }) : undefined;
    }
    const bytes = registry.blob(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
    if (bytes === undefined || bytes.length < MIB) return undefined;
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        if (at >= endAfterBytes) return controller.error(new Error("cut"));
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, at += 64 * 1024));
      },
    });
    return new Response(stream);
  };
}

Deno.test("pull from a registry goes on after a network cut, and leaves nothing", async () => {
  await withRegistry(async ({ images, registry, references, pull, partials, ranges }) => {
    for (const reference of references) {
      slowly(registry, 0, 2 * MIB);
      const cut = pull(reference, ONCE);
      await assert.rejects(cut, { code: "failed", message: /HTTP 503/ });
      assert.deepEqual(images.staged(), []);
      assert.notDeepEqual(partials(), []);
      registry.intercept = () => undefined;
      registry.requests.length = 0;
      assert.equal((await pull(reference)).outcome, "stored");
      const starts = ranges().map((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0));
      assert.ok(starts.some((start) => start >= MIB), `${ranges()}`);
      assert.ok(starts.filter((start) => start === 0).length <= 1, "only the configuration");
      assert.deepEqual(partials(), []);
    }
  });
});

Deno.test("pull from a registry goes on after kill -9, and gc takes what nobody goes on with", async () => {
  await withRegistry(async ({ images, registry, references, pull, partials, ranges }) => {
    const { ctx } = images;
    slowly(registry, 60);
    const [reference = ""] = references;
    const script = new URL("../testing/doomed.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, ctx.home.root, "1000000", "pull", reference],
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    await waitFor("a journal of something", async () => {
      const journals = await Promise.all(
        partials().map((name) => readJournal(`${ctx.home.partialDir}/${name}/journal.json`)),
      );
      return journals.some((journal) => (journal?.map.doneBytes ?? 0) > 0);
    });
    child.kill("SIGKILL");
    await child.status;
    registry.intercept = () => undefined;
    assert.deepEqual(images.folders(), []);

    assert.deepEqual(await collectImages(ctx), [], "it may be taken up");
    registry.requests.length = 0;
    assert.equal((await pull(reference)).outcome, "stored");
    assert.match(ranges()[0] ?? "", /^bytes=[1-9]/);

    slowly(registry, 0, 2 * MIB);
    await assert.rejects(pull(references[1] ?? "", ONCE), { message: /HTTP 503/ });
    const later = new Date(Date.now() + 8 * 24 * 60 * 60 * 1000);
    const host = { ...ctx.host, now: () => later };
    const collected = await collectImages({ ...ctx, host });
    assert.deepEqual(collected.map(({ kind }) => kind), ["partial"]);
    assert.deepEqual(partials(), []);
  });
});

Deno.test("two pulls of one image share one download", async () => {
  await withRegistry(async ({ images, registry, references, pull, ranges }) => {
    await using other = await testImages(images.ctx.home.root);
    other.ctx.host = images.ctx.host;
    for (const reference of references) {
      slowly(registry, 10);
      registry.requests.length = 0;
      const phases = new Set<ProgressPhase>();
      const onProgress = ({ phase }: { phase: ProgressPhase }) => void phases.add(phase);
      const first = pull(reference);
      await waitFor("the first download", () => registry.requests.length > 1);
      const second = await pullImage(other.ctx, reference, { onProgress });
      assert.equal((await first).outcome, "stored");
      assert.equal(second.outcome, "already-stored");
      assert.deepEqual([...phases], ["wait"]);
      const configurations = reference.endsWith("container") ? 2 : 0;
      assert.equal(ranges().length, 1 + configurations);
    }
  });
});

Deno.test("two pulls whose layers are in opposite order do not wait for each other", async () => {
  await withRegistry(async ({ images, registry, pull }) => {
    await using other = await testImages(images.ctx.home.root);
    other.ctx.host = images.ctx.host;
    const disk = await Deno.readFile(images.path("disk.raw"));
    const layers = [
      { bytes: await gzip(tarOf([{ path: "disk/x.raw", bytes: disk }])) },
      { bytes: await gzip(tarOf([{ path: "etc/x", bytes: jsonBytes("x") }])) },
      { bytes: await gzip(tarOf([{ path: "etc/y", bytes: jsonBytes("y") }])) },
    ];
    await registry.add("up", await imageParts({ layers }));
    await registry.add("down", await imageParts({ layers: layers.toReversed() }));
    const both = await Promise.all([
      pull(`${registry.host}/x:up`),
      pullImage(other.ctx, `${registry.host}/x:down`),
    ]);
    assert.deepEqual(both.map(({ outcome }) => outcome), ["stored", "stored"]);
    assert.deepEqual(images.staged(), []);
  });
});
