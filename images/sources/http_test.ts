import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { httpServer, type Resource } from "../../tests/support/http_server.ts";
import { type HttpLimits, openHttp } from "./http.ts";

async function download(url: string | URL, limits: HttpLimits = {}): Promise<string> {
  await using open = await openHttp(new URL(url), limits);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of open.chunks) text += decoder.decode(chunk, { stream: true });
  return text;
}

/** Serves one resource at `/x` and expects the download of it to fail. */
async function fails(
  resource: Resource,
  expected: { code?: string; message: RegExp; hint?: RegExp },
  limits: HttpLimits = {},
): Promise<void> {
  await using server = httpServer({ "/x": resource });
  await assert.rejects(download(`${server.url}/x`, limits), (error) => {
    assert.ok(error instanceof CocoonError, String(error));
    assert.equal(error.code, expected.code ?? "failed");
    assert.match(error.message, expected.message);
    assert.match(error.hint ?? "", expected.hint ?? /./);
    return true;
  });
}

Deno.test("openHttp() downloads, says the length, and asks for the file itself", async () => {
  await using server = httpServer({ "/x": { body: "content" } });
  await using open = await openHttp(new URL(`${server.url}/x`));
  assert.equal(open.totalBytes, 7);
  const pieces = await Array.fromAsync(open.chunks);
  assert.equal(pieces.reduce((sum, piece) => sum + piece.length, 0), 7);
  assert.equal(server.requests[0]?.headers.get("accept-encoding"), "identity");
});

Deno.test("openHttp() does without a length", async () => {
  await using server = httpServer({ "/x": { body: "content", contentLength: null } });
  await using open = await openHttp(new URL(`${server.url}/x`));
  assert.equal(open.totalBytes, undefined);
  assert.equal((await Array.fromAsync(open.chunks)).length, 1);
});

Deno.test("openHttp() refuses a download that is shorter than was said", async () => {
  await fails({ body: "x".repeat(1000), cutAfterBytes: 400 }, {
    message: /broke off after \d+ of 1000 bytes/,
    hint: /Try again/,
  });
  await fails({ body: "short", contentLength: 1_000_000 }, { message: /broke off after 5 of/ });
});

Deno.test("openHttp() gives up on a server that stalls", async () => {
  await fails(
    { body: "x".repeat(1000), stallAfterBytes: 100 },
    { message: /stalled after 100 of 1000 bytes: nothing came for 200 ms/ },
    { idleTimeoutMs: 200 },
  );
});

Deno.test("openHttp() is patient with a slow server", async () => {
  const slow = { chunkBytes: 10, delayMs: 30 };
  await using server = httpServer({ "/x": { body: "x".repeat(100), slow } });
  // Longer in all than the time without a byte that is allowed.
  assert.equal((await download(`${server.url}/x`, { idleTimeoutMs: 200 })).length, 100);
});

Deno.test("openHttp() gives up on a server that does not answer", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    await assert.rejects(
      download(`http://127.0.0.1:${silent.addr.port}/x`, { responseTimeoutMs: 200 }),
      { code: "failed", message: /did not answer within 200 ms/ },
    );
  } finally {
    silent.close();
  }
});

Deno.test("openHttp() tells statuses apart", async () => {
  await fails({ body: "", status: 404 }, {
    code: "not-found",
    message: /no such file \(HTTP 404\)/,
  });
  await fails({ body: "", status: 410 }, { code: "not-found", message: /HTTP 410/ });
  await fails({ body: "", status: 403 }, { message: /refuses .*403/, hint: /login/ });
  await fails({ body: "", status: 503 }, { message: /503/, hint: /later/ });
  await fails({ body: "", status: 204 }, { message: /HTTP 204 instead of the file/ });
  await fails({ body: "part", status: 206 }, { message: /HTTP 206/ });
});

Deno.test("openHttp() follows redirects, relative ones too, but not for ever", async () => {
  const to = (location: string): Resource => ({ body: "", status: 302, headers: { location } });
  await using server = httpServer({
    "/a": to("/b/c"),
    "/b/c": to("d?e=f"),
    "/b/d?e=f": { body: "there" },
    "/loop": to("/loop"),
    "/ftp": to("ftp://host/x"),
    "/bad": to("http://[bad"),
  });
  assert.equal(await download(`${server.url}/a`), "there");
  await assert.rejects(download(`${server.url}/loop`), { message: /more than 10 redirects/ });
  await assert.rejects(download(`${server.url}/ftp`), {
    message: /redirects to "ftp:/,
    hint: /Only http and https/,
  });
  await assert.rejects(download(`${server.url}/bad`), { message: /redirects to/ });
});

Deno.test("openHttp() sends a password to its own host only", async () => {
  await using other = httpServer({ "/x": { body: "there" } });
  await using server = httpServer({
    "/near": { body: "", status: 301, headers: { location: "/far" } },
    "/far": { body: "", status: 301, headers: { location: `${other.url}/x` } },
  });
  const url = new URL(`${server.url}/near`);
  url.username = "me";
  url.password = "p%40ss";
  assert.equal(await download(url), "there");
  const expected = `Basic ${btoa("me:p@ss")}`;
  assert.deepEqual(server.requests.map((r) => r.headers.get("authorization")), [
    expected,
    expected,
  ]);
  assert.equal(other.requests[0]?.headers.get("authorization"), null);
});

Deno.test("openHttp() says why there is no connection", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(download(`http://127.0.0.1:${port}/x`), {
    message: `127.0.0.1:${port} refuses connections`,
  });
  // What a plain HTTP server says to a TLS handshake.
  const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = (async () => {
    using connection = await plain.accept();
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await connection.read(new Uint8Array(1024));
  })();
  await assert.rejects(download(`https://127.0.0.1:${plain.addr.port}/x`), { message: /TLS/ });
  await answering;
  plain.close();
});

Deno.test("openHttp() can be interrupted before, while waiting and while reading", async () => {
  const reason = new Error("enough");
  await using server = httpServer({ "/x": { body: "x".repeat(1000), stallAfterBytes: 10 } });
  const url = new URL(`${server.url}/x`);
  await assert.rejects(openHttp(url, {}, AbortSignal.abort(reason)), (e) => e === reason);

  const abort = new AbortController();
  await using open = await openHttp(url, {}, abort.signal);
  await assert.rejects(async () => {
    for await (const _ of open.chunks) abort.abort(reason);
  }, (e) => e === reason);
});
