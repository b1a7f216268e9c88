import assert from "node:assert/strict";
import { type HttpServer, httpServer } from "../tests/support/http_server.ts";
import { waitFor } from "../tests/support/wait_for.ts";
import { diskPath, type Progress } from "./context.ts";
import { PartialDownload } from "./downloads/partial.ts";
import { readJournal } from "./downloads/journal.ts";
import { listImages } from "./list.ts";
import { pullImage } from "./pull.ts";
import { content, MIB, QUICK, sha256 } from "./testing/downloads.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { sh } from "./testing/sh.ts";
import { sameContent, writeDisk } from "./testing/qemu_img.ts";

const DOOMED = new URL("./testing/doomed.ts", import.meta.url).pathname;
const VERSION = { ranges: true, etag: '"one"' };

/** A raw disk of that many bytes. */
function disk(length: number): Uint8Array<ArrayBuffer> {
  const bytes = content(length);
  bytes.set([0xeb, 0x63, 0x90, 0]);
  return bytes;
}

/** A process of its own that pulls. */
function pulling(
  images: TestImages,
  url: string,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", DOOMED, images.ctx.home.root, "0", "pull", url],
    env,
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}

/** Bytes of the only download that are written down. */
async function journaledBytes(images: TestImages): Promise<number> {
  const [folder] = PartialDownload.folders(images.ctx.home);
  return (await readJournal(`${folder}/journal.json`))?.map.doneBytes ?? 0;
}

/** The image is stored whole, and nothing else is left. */
async function assertOnly(images: TestImages, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const [image, ...others] = listImages(images.ctx);
  assert.deepEqual(others, []);
  assert.equal(image?.digest, `sha256:${await sha256(body)}`);
  await Deno.writeFile(images.path("expected"), body);
  assert.ok(sameContent(diskPath(images.ctx.home, image?.digest ?? ""), images.path("expected")));
  assert.deepEqual(images.staged(), []);
  assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
}

function starts({ requests }: HttpServer): (number | undefined)[] {
  return requests.map(({ headers }) => {
    const start = /^bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1];
    return start === undefined ? undefined : Number(start);
  });
}

Deno.test("pullImage() goes on with what a killed command has downloaded", async () => {
  await using images = await testImages();
  const body = disk(24 * MIB);
  const slow = { chunkBytes: 256 * 1024, delayMs: 25 };
  await using server = httpServer({ "/d": { body, slow, ...VERSION } });
  const child = pulling(images, `${server.url}/d`);
  await waitFor("a part of it", async () => await journaledBytes(images) >= 2 * MIB);
  child.kill("SIGKILL");
  await child.status;
  assert.deepEqual(listImages(images.ctx), []); // nothing of it can be seen
  const before = server.requests.length;
  server.serve("/d", { body, ...VERSION });
  await pullImage(images.ctx, `${server.url}/d`);
  await assertOnly(images, body);
  const [start] = starts(server).slice(before);
  assert.ok(start !== undefined && start >= MIB, String(start));
});

Deno.test("pullImage() waits for another command at the same URL, and uses its image", async () => {
  await using images = await testImages();
  const body = disk(8 * MIB);
  const slow = { chunkBytes: 256 * 1024, delayMs: 60 };
  await using server = httpServer({ "/d": { body, slow, ...VERSION } });
  const child = pulling(images, `${server.url}/d`);
  await waitFor("its request", () => server.requests.length > 0);
  const seen: Progress[] = [];
  const { outcome, image } = await pullImage(images.ctx, `${server.url}/d`, {
    tag: "mine",
    onProgress: (progress) => seen.push(progress),
  });
  assert.ok((await child.status).success);
  assert.equal(outcome, "already-stored");
  assert.deepEqual(image.tags, ["mine", "web"]);
  assert.deepEqual([...new Set(seen.map(({ phase }) => phase))], ["wait"]);
  assert.ok(seen.some(({ doneBytes, totalBytes }) => doneBytes > 0 && totalBytes === body.length));
  await assertOnly(images, body);
});

Deno.test("pullImage() takes over from another command that is killed", async () => {
  await using images = await testImages();
  const body = disk(24 * MIB);
  const slow = { chunkBytes: 256 * 1024, delayMs: 25 };
  await using server = httpServer({ "/d": { body, slow, ...VERSION } });
  const child = pulling(images, `${server.url}/d`);
  await waitFor("a part of it", async () => await journaledBytes(images) >= MIB);
  const phases = new Set<string>();
  let before = 0;
  const { outcome } = await pullImage(images.ctx, `${server.url}/d`, {
    onProgress({ phase }) {
      if (phase === "wait" && !phases.has(phase)) {
        child.kill("SIGKILL");
        before = server.requests.length;
        server.serve("/d", { body, ...VERSION });
      }
      phases.add(phase);
    },
  });
  await child.status;
  assert.equal(outcome, "stored");
  assert.deepEqual([...phases], ["wait", "download", "seal"]);
  assert.ok((starts(server)[before] ?? 0) >= MIB);
  await assertOnly(images, body);
});

Deno.test("pullImage() keeps what came before the network failed, and goes on by itself later", async () => {
  await using images = await testImages();
  const body = disk(4 * MIB);
  await using server = httpServer({
    "/d": (_, before) =>
      before === 0 ? { body, ...VERSION, cutAfterBytes: 3 * MIB } : { body: "", status: 503 },
  });
  const url = `${server.url}/d`;
  const http = { ...QUICK, attempts: 2 };
  await assert.rejects(pullImage(images.ctx, url, { http }), {
    message: `image "${url}": the server answered HTTP 503 instead of the file`,
  });
  assert.deepEqual([listImages(images.ctx), images.staged()], [[], []]);
  assert.equal(await journaledBytes(images), 3 * MIB);
  server.serve("/d", { body, ...VERSION });
  await pullImage(images.ctx, url);
  assert.equal(starts(server).at(-1), 3 * MIB);
  await assertOnly(images, body);
});

Deno.test("pullImage() asks for the program that a file needs before it downloads all of it", async () => {
  await using images = await testImages();
  const { host } = images.ctx;
  const { which } = host;
  host.which = (program) => /^(xz|bzip2|qemu-img)$/.test(program) ? undefined : which(program);
  const slow = { chunkBytes: 256 * 1024, delayMs: 25 };
  await using server = httpServer();
  const magics = [["xz", "\xfd7zXZ\0"], ["bzip2", "BZh9"], ["qemu-img", "KDMV"]] as const;
  for (const [program, magic] of magics) {
    const body = content(24 * MIB);
    body.set(Uint8Array.from(magic, (character) => character.charCodeAt(0)));
    server.serve(`/${program}`, { body, slow, ...VERSION });
    let bytes = 0;
    const onProgress = ({ doneBytes }: Progress) => bytes = doneBytes;
    await assert.rejects(pullImage(images.ctx, `${server.url}/${program}`, { onProgress }), {
      code: "host-lacks",
      message: new RegExp(program),
      hint: /nstall/,
    });
    assert.ok(bytes < body.length / 2, `${program}: ${bytes} bytes`);
  }
  assert.deepEqual(images.staged(), []);
});

Deno.test("pullImage() keeps a download that only lacks a program inside, and takes it up", async () => {
  await using images = await testImages();
  const { host } = images.ctx;
  const { which } = host;
  writeDisk(images.path("disk"), { bytes: 2 * MIB, seed: 1 });
  await sh(images.path("."), "xz -0 -c disk > disk.xz && gzip -c disk.xz > disk.xz.gz");
  const body = await Deno.readFile(images.path("disk.xz.gz"));
  await using server = httpServer({ "/d": { body, ...VERSION } });
  const url = `${server.url}/d`;
  host.which = (program) => program === "xz" ? undefined : which(program);
  await assert.rejects(pullImage(images.ctx, url, { http: QUICK }), { code: "host-lacks" });
  assert.equal(await journaledBytes(images), body.length);
  host.which = which;
  const before = server.requests.length;
  const { image } = await pullImage(images.ctx, url, { http: QUICK });
  assert.deepEqual(starts(server).slice(before), [body.length - 1]); // it asked for one byte
  assert.ok(sameContent(diskPath(images.ctx.home, image.digest), images.path("disk")));
  assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
});

Deno.test("pullImage() throws away what it refuses, however much of it there is", async () => {
  await using images = await testImages();
  const body = disk(2 * MIB);
  await using server = httpServer({
    "/page": { body: `<!doctype html>${"x".repeat(2 * MIB)}`, ...VERSION },
    "/d": { body, ...VERSION },
    "/none": { body: "", status: 404 },
  });
  for (const path of ["/page", "/none"]) {
    await assert.rejects(pullImage(images.ctx, server.url + path));
    assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
  }
  await assert.rejects(
    pullImage(images.ctx, `${server.url}/d`, { sha256: "0".repeat(64) }),
    { message: /checksum mismatch/ },
  );
  assert.deepEqual(PartialDownload.folders(images.ctx.home), []);
  assert.deepEqual(listImages(images.ctx), []);
});

Deno.test("pullImage() fetches in one piece what came wrong in parts, when a digest tells", async () => {
  await using images = await testImages();
  const body = disk(3 * MIB);
  await using server = httpServer({
    "/d": (request, before) => ({
      body,
      ...VERSION,
      rangeLie: "shifted",
      ...(before === 0 && !request.headers.has("range") ? { cutAfterBytes: MIB } : {}),
    }),
  });
  await pullImage(images.ctx, `${server.url}/d`, { sha256: await sha256(body), http: QUICK });
  await assertOnly(images, body);
  assert.deepEqual([starts(server)[0], starts(server).at(-1)], [undefined, undefined]);
  assert.equal(starts(server)[1], MIB);
});

Deno.test("pullImage() goes through the proxy of the environment, and not where it need not", async () => {
  await using images = await testImages();
  const body = disk(MIB);
  // To a proxy, the whole URL is the path.
  await using proxy = httpServer({ "http://images.invalid/d": { body, ...VERSION } });
  await using near = httpServer({ "/d": { body, ...VERSION } });
  const env = { http_proxy: proxy.url, no_proxy: "127.0.0.1" };
  assert.ok((await pulling(images, "http://images.invalid/d", env).status).success);
  await assertOnly(images, body);
  assert.ok((await pulling(images, `${near.url}/d`, env).status).success);
  assert.deepEqual([proxy.requests.length, near.requests.length], [1, 1]);
});
