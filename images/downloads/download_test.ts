import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Resource } from "../../tests/support/http_server.ts";
import { content, downloads, type Fixture, MIB, QUICK, sha256 } from "../testing/downloads.ts";

const ETAG = { ranges: true, etag: '"one"' };

/** Values of the `Range` header of all requests, `-` for none. */
function ranges({ server }: Fixture): string[] {
  return server.requests.map((request) => request.headers.get("range") ?? "-");
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

Deno.test("download() brings a file to the disk and follows with its digests", async () => {
  await using fixture = await downloads();
  const body = content(3 * MIB + 77);
  fixture.server.serve("/x", { body, etag: '"one"' });
  const seen: [number, number | undefined][] = [];
  const done = await fixture.fetch({
    expected: { sha512: "asked for" },
    onBytes: (doneBytes, totalBytes) => seen.push([doneBytes, totalBytes]),
  });
  assert.ok(same(done.content, body));
  assert.equal(done.bytes, body.length);
  assert.equal(done.digests.sha256, await sha256(body));
  const sha512 = new Uint8Array(await crypto.subtle.digest("SHA-512", body)).toHex();
  assert.equal(done.digests.sha512, sha512);
  assert.deepEqual(done.validators, { etag: '"one"' });
  assert.equal(done.fromParts, false);
  assert.deepEqual(ranges(fixture), ["-"]);
  assert.deepEqual(seen.at(-1), [body.length, body.length]);
  assert.deepEqual(seen, seen.toSorted((a, b) => a[0] - b[0]));
});

Deno.test("download() keeps holes, and files of no and of few bytes", async () => {
  await using fixture = await downloads();
  for (const length of [0, 1, 4095, 4097, MIB, MIB + 1]) {
    fixture.server.serve("/x", { body: content(length), ...ETAG });
    const done = await fixture.fetch({ useRanges: false });
    assert.ok(same(done.content, content(length)), String(length));
    assert.equal(done.digests.sha256, await sha256(content(length)));
  }
  fixture.server.serve("/x", { body: new Uint8Array(8 * MIB), ...ETAG });
  assert.equal((await fixture.fetch({ useRanges: false })).bytes, 8 * MIB);
  assert.equal((await Deno.stat(fixture.dataPath)).blocks, 0);
});

Deno.test("download() asks a slow server for several parts at once, and for no more", async () => {
  await using fixture = await downloads();
  const body = content(7 * MIB + 99);
  const slow = { chunkBytes: 128 * 1024, delayMs: 10 };
  fixture.server.serve("/x", { body, slow, ...ETAG });
  const done = await fixture.fetch({ limits: { parallelAfterMs: 20, connections: 3 } });
  assert.ok(same(done.content, body));
  assert.equal(done.digests.sha256, await sha256(body));
  assert.equal(done.fromParts, true);
  const [first, ...parts] = ranges(fixture);
  assert.equal(first, "-");
  // Each part at most once, but for the one that the first connection was in.
  const starts = parts.map((part) => Number(/^bytes=(\d+)-/.exec(part)?.[1]));
  assert.equal(new Set(starts).size, starts.length);
  assert.ok(starts.every((start) => start % MIB === 0), parts.join(" "));
  assert.ok(starts.length >= 5, parts.join(" "));
  assert.ok(fixture.server.requests.slice(1).every((r) => r.headers.get("if-range") === '"one"'));
});

Deno.test("download() opens one connection where there is no way to put parts together", async () => {
  const slow = { chunkBytes: 256 * 1024, delayMs: 5 };
  const date = new Date(1e12).toUTCString();
  const cases: [string, Partial<Resource>][] = [
    ["no validator", { ranges: true }],
    ["a weak validator", { ranges: true, etag: 'W/"one"' }],
    ["no ranges", { etag: '"one"' }],
    ["ranges refused", { etag: '"one"', headers: { "accept-ranges": "none" } }],
    ["as new as the answer", { ranges: true, headers: { "last-modified": date, date } }],
  ];
  for (const [name, more] of cases) {
    await using fixture = await downloads();
    const body = content(4 * MIB);
    fixture.server.serve("/x", { body, slow, ...more });
    const done = await fixture.fetch({ limits: { parallelAfterMs: 0 } });
    assert.ok(same(done.content, body));
    assert.deepEqual(ranges(fixture), ["-"], name);
  }
});

Deno.test("download() goes on where a connection broke, by ETag or by date", async () => {
  const date = new Date(1e12).toUTCString();
  const versions = [{ etag: '"one"' }, { lastModified: date }];
  for (const version of versions) {
    await using fixture = await downloads();
    const body = content(5 * MIB);
    fixture.server.serve("/x", (_, before) => ({
      body,
      ranges: true,
      ...version,
      ...(before < 3 ? { cutAfterBytes: MIB + 5000 } : {}),
    }));
    const done = await fixture.fetch({ limits: { connections: 1 } });
    assert.ok(same(done.content, body));
    assert.equal(done.digests.sha256, await sha256(body));
    const [whole, next] = ranges(fixture);
    assert.equal(whole, "-");
    // The block that was not whole is asked for again.
    assert.equal(next, `bytes=${MIB + 4096}-${2 * MIB - 1}`);
    assert.equal(
      fixture.server.requests[1]?.headers.get("if-range"),
      version.etag ?? version.lastModified,
    );
  }
});

Deno.test("download() gets there when every connection breaks, as long as some of it comes", async () => {
  await using fixture = await downloads();
  const body = content(2 * MIB);
  fixture.server.serve("/x", { body, ...ETAG, cutAfterBytes: 200_000 });
  const done = await fixture.fetch({ limits: { attempts: 2 } });
  assert.ok(same(done.content, body));
  assert.ok(fixture.server.requests.length >= 2 * MIB / 200_000);
});

Deno.test("download() gives up on a server that gives nothing any more, and keeps what it gave", async () => {
  await using fixture = await downloads();
  const body = content(2 * MIB);
  fixture.server.serve(
    "/x",
    (_, before) => before === 0 ? { body, ...ETAG, cutAfterBytes: 500_000 } : { body, status: 503 },
  );
  await assert.rejects(fixture.fetch({ limits: { attempts: 3 } }), {
    name: "CocoonError",
    message: /HTTP 503/,
  });
  assert.equal(fixture.server.requests.length, 1 + 3);
  fixture.server.serve("/x", { body, ...ETAG });
  assert.ok(same((await fixture.fetch()).content, body));
  assert.match(ranges(fixture)[4] ?? "", /^bytes=49\d{4}-/);
});

Deno.test("download() tries again when a server asks for it, and not when it says no", async () => {
  await using fixture = await downloads();
  const body = content(1000);
  for (const status of [408, 429, 500, 502, 503, 504]) {
    const first = fixture.server.requests.length;
    fixture.server.serve(
      "/x",
      (_, before) => before === first ? { body: "", status } : { body, status: 200 },
    );
    assert.equal((await fixture.fetch()).bytes, 1000);
    assert.equal(fixture.server.requests.length, first + 2, String(status));
  }
  for (const status of [400, 401, 403, 404, 410, 501]) {
    const first = fixture.server.requests.length;
    fixture.server.serve("/x", { body, status });
    await assert.rejects(fixture.fetch(), { message: new RegExp(`HTTP ${status}`) });
    assert.equal(fixture.server.requests.length, first + 1, String(status));
  }
});

Deno.test("download() waits as long as Retry-After says, but not for ever", async () => {
  await using fixture = await downloads();
  const busy = (seconds: string): Resource => ({
    body: "",
    status: 429,
    headers: { "retry-after": seconds },
  });
  fixture.server.serve("/x", (_, before) => before === 0 ? busy("1") : { body: "x".repeat(600) });
  const began = performance.now();
  assert.equal((await fixture.fetch()).bytes, 600);
  assert.ok(performance.now() - began >= 1000);
  fixture.server.serve("/x", busy("3600"));
  await assert.rejects(fixture.fetch(), {
    message: /HTTP 429/,
    hint: "The server asks to be left alone for 3600 s. Try again after that.",
  });
  assert.equal(fixture.server.requests.length, 3);
});

Deno.test("download() begins anew when the file changes meanwhile, until it holds still", async () => {
  await using fixture = await downloads();
  const [old, young] = [content(3 * MIB, 1), content(2 * MIB, 2)];
  fixture.server.serve(
    "/x",
    (_, before) =>
      before === 0
        ? { body: old, ...ETAG, cutAfterBytes: MIB }
        : { body: young, ranges: true, etag: '"two"' },
  );
  const done = await fixture.fetch();
  assert.ok(same(done.content, young));
  assert.equal(done.digests.sha256, await sha256(young));
  assert.deepEqual(done.validators, { etag: '"two"' });

  fixture.server.serve(
    "/x",
    (_, before) => ({ body: old, ranges: true, etag: `"${before}"`, cutAfterBytes: MIB }),
  );
  const changing = fixture.fetch({ useRanges: true, limits: { attempts: 3 } });
  await assert.rejects(changing, { message: /it changes on the server while it is downloaded/ });
  assert.equal(await fixture.journal(), undefined);
});

Deno.test("download() fetches the whole where a server gets parts wrong", async () => {
  const cases: [string, Partial<Resource>][] = [
    ["whole file for a part", { ranges: false }],
    ["another part", { ...ETAG, rangeLie: "elsewhere" }],
    ["a part of it does not say what", { ...ETAG, rangeLie: "headless" }],
    ["more than was asked for", { ...ETAG, contentLength: null, rangeLie: "headless" }],
  ];
  for (const [name, lie] of cases) {
    await using fixture = await downloads();
    const body = content(3 * MIB);
    fixture.server.serve(
      "/x",
      (request, before) =>
        before === 0
          ? { body, ...ETAG, cutAfterBytes: MIB + 1 }
          : request.headers.has("range")
          ? { body, etag: '"one"', ...lie }
          : { body, ...ETAG },
    );
    const done = await fixture.fetch();
    assert.ok(same(done.content, body), name);
    assert.equal(ranges(fixture).at(-1), "-", name);
  }
});

Deno.test("download() starts over where no length is known, and then gives up", async () => {
  await using fixture = await downloads();
  const body = content(MIB + 5);
  fixture.server.serve("/x", { body, contentLength: null, ...ETAG });
  const done = await fixture.fetch();
  assert.ok(same(done.content, body));
  assert.equal(done.digests.sha256, await sha256(body));
  const chunked = { "transfer-encoding": "chunked" };
  // A chunk that promises more than comes.
  fixture.server.serve("/x", { body: "fffff\r\nabc", contentLength: null, headers: chunked });
  await assert.rejects(fixture.fetch({ limits: { attempts: 3 } }), { message: /broke off after/ });
  assert.equal(fixture.server.requests.length, 1 + 3);
});

Deno.test("download() refuses what is too large, by its length and while it comes", async () => {
  await using fixture = await downloads();
  const limits = { maxBytes: MIB };
  fixture.server.serve("/x", { body: "", contentLength: MIB + 1 });
  await assert.rejects(fixture.fetch({ limits }), { message: /larger than 1MiB/ });
  fixture.server.serve("/x", { body: new Uint8Array(3 * MIB), contentLength: null });
  await assert.rejects(fixture.fetch({ limits }), { message: /larger than 1MiB/ });
  assert.equal(fixture.server.requests.length, 2);
});

Deno.test("download() ends as soon as the first bytes are refused", async () => {
  await using fixture = await downloads();
  const slow = { chunkBytes: 64 * 1024, delayMs: 60 };
  fixture.server.serve("/x", { body: content(64 * MIB), slow, ...ETAG });
  const began = performance.now();
  const refusal = new Error("no such thing");
  const refused = fixture.fetch({
    limits: { parallelAfterMs: 100 },
    checkHead(head, totalBytes) {
      assert.deepEqual([head.length, totalBytes], [36 * 1024, 64 * MIB]);
      throw refusal;
    },
  });
  await assert.rejects(refused, (error) => error === refusal);
  assert.ok(performance.now() - began < 5000, "all of it takes a minute");
});

Deno.test("download() can be interrupted while it reads and while it waits for another try", async () => {
  await using fixture = await downloads();
  const body = content(4 * MIB);
  const reason = new Error("enough");
  const slow = { chunkBytes: 64 * 1024, delayMs: 100 };
  const cases: [string, Resource][] = [
    ["reading", { body, slow, ...ETAG }],
    ["stalled", { body, stallAfterBytes: 1000, ...ETAG }],
    ["waiting", { body, status: 503 }],
  ];
  for (const [name, resource] of cases) {
    fixture.server.serve("/x", resource);
    const limits = { ...QUICK, retryDelayMs: 60_000, parallelAfterMs: 50 };
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 250);
    await assert.rejects(
      fixture.fetch({ limits, signal: abort.signal }),
      (error) => error === reason,
      name,
    );
  }
});
