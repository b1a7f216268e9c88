import assert from "node:assert/strict";
import { httpServer } from "./http_server.ts";

Deno.test("httpServer() serves bytes, ranges and 404", async () => {
  await using server = httpServer({ "/disk": { body: "0123456789", ranges: true } });
  const whole = await fetch(`${server.url}/disk`);
  assert.equal(whole.headers.get("content-length"), "10");
  assert.equal(await whole.text(), "0123456789");
  const rest = await fetch(`${server.url}/disk`, { headers: { range: "bytes=7-" } });
  assert.equal(rest.status, 206);
  assert.equal(rest.headers.get("content-range"), "bytes 7-9/10");
  assert.equal(await rest.text(), "789");
  const none = await fetch(`${server.url}/none`);
  assert.equal(none.status, 404);
  await none.body?.cancel();
  assert.deepEqual(server.requests.map((request) => request.path), ["/disk", "/disk", "/none"]);
});

Deno.test("httpServer() cuts a body short of what it promised", async () => {
  await using server = httpServer({ "/cut": { body: "0123456789", cutAfterBytes: 4 } });
  const response = await fetch(`${server.url}/cut`);
  assert.equal(response.headers.get("content-length"), "10");
  await assert.rejects(response.text());
});

Deno.test("httpServer() sends no length, and lies about it, when told to", async () => {
  await using server = httpServer({
    "/open": { body: "01234", contentLength: null },
    "/long": { body: "01234", contentLength: 3 },
  });
  const open = await fetch(`${server.url}/open`);
  assert.equal(open.headers.get("content-length"), null);
  assert.equal(await open.text(), "01234");
  assert.equal(await (await fetch(`${server.url}/long`)).text(), "012");
});

Deno.test("httpServer() ends with a stalled client still there", async () => {
  let reading: Promise<string>;
  {
    await using server = httpServer({ "/stall": { body: "0123456789", stallAfterBytes: 3 } });
    const response = await fetch(`${server.url}/stall`);
    reading = response.text();
    reading.catch(() => {});
    const first = await Promise.race([
      reading.then(() => "ended"),
      new Promise((resolve) => setTimeout(() => resolve("still open"), 200)),
    ]);
    assert.equal(first, "still open");
  }
  await assert.rejects(reading);
});

Deno.test("httpServer() sends slowly when told to", async () => {
  const slow = { chunkBytes: 2, delayMs: 40 };
  await using server = httpServer({ "/slow": { body: "012345", slow } });
  const began = performance.now();
  assert.equal(await (await fetch(`${server.url}/slow`)).text(), "012345");
  assert.ok(performance.now() - began >= 80, "three pieces have two pauses between them");
});

Deno.test("httpServer() answers parts of one version, and the whole of another", async () => {
  const modified = new Date(1e12).toUTCString();
  const version = { etag: '"one"', lastModified: modified };
  await using server = httpServer({ "/x": { body: "0123456789", ranges: true, ...version } });
  const part = async (condition: Record<string, string>) => {
    const headers = { range: "bytes=2-4", ...condition };
    const response = await fetch(`${server.url}/x`, { headers });
    assert.equal(response.headers.get("etag"), '"one"');
    return `${response.status} ${await response.text()}`;
  };
  for (const value of ['"one"', modified]) {
    assert.equal(await part({ "if-range": value }), "206 234");
  }
  assert.equal(await part({}), "206 234");
  assert.equal(await part({ "if-range": '"two"' }), "200 0123456789");
});

Deno.test("httpServer() gets parts wrong when told to", async () => {
  const lies = { shifted: "bytes 2-4/10 123", elsewhere: "bytes 1-3/10 234", headless: "null 234" };
  for (const [rangeLie, expected] of Object.entries(lies)) {
    await using server = httpServer({
      // The keys are those of the type.
      "/x": { body: "0123456789", ranges: true, rangeLie: rangeLie as keyof typeof lies },
    });
    const response = await fetch(`${server.url}/x`, { headers: { range: "bytes=2-4" } });
    assert.equal(`${response.headers.get("content-range")} ${await response.text()}`, expected);
  }
});

Deno.test("httpServer() answers each request as the last ones were", async () => {
  await using server = httpServer({
    "/x": (request, before) => ({ body: `${before} ${request.headers.get("x-mine")}` }),
  });
  for (const before of [0, 1]) {
    const response = await fetch(`${server.url}/x`, { headers: { "x-mine": "me" } });
    assert.equal(await response.text(), `${before} me`);
  }
});
