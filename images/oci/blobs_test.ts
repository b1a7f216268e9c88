import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { httpServer } from "../../tests/support/http_server.ts";
import { blobOf, BYTES, clientOf, descriptorOf, QUICK } from "./testing/client.ts";
import { fakeRegistry } from "./testing/fake_registry.ts";
import { concat } from "./testing/parts.ts";

Deno.test("fetchBlob() gives exactly the content, also an empty one", async () => {
  await using registry = fakeRegistry();
  for (const bytes of [BYTES, new Uint8Array()]) {
    const descriptor = await descriptorOf(bytes);
    registry.setBlob(descriptor.digest, bytes);
    assert.deepEqual(await blobOf(clientOf(registry.host), descriptor), bytes);
  }
});

Deno.test("fetchBlob() refuses wrong content and wrong lengths", async () => {
  await using registry = fakeRegistry();
  const descriptor = await descriptorOf(BYTES);
  const fails = (message: RegExp) =>
    assert.rejects(blobOf(clientOf(registry.host), descriptor), { code: "failed", message });
  const other = BYTES.slice();
  other[7] = 1 + (other[7] ?? 0);
  registry.setBlob(descriptor.digest, other);
  await fails(/checksum mismatch \(expected sha256:.*discarded/);
  registry.setBlob(descriptor.digest, BYTES.slice(0, -1));
  await fails(/has 49999 bytes, but 50000 by its manifest/);
  // Without a length, only the content tells.
  const unsized = (bytes: Uint8Array<ArrayBuffer>) => () =>
    new Response(new Blob([bytes]).stream());
  registry.intercept = unsized(concat([other, BYTES]));
  await fails(/checksum mismatch/);
  registry.intercept = unsized(BYTES.slice(0, 100));
  await fails(/ended after 100 of 50000 bytes/);
});

Deno.test("fetchBlob() says that an image has a part that its registry does not have", async () => {
  await using registry = fakeRegistry();
  await assert.rejects(blobOf(clientOf(registry.host), await descriptorOf(BYTES)), {
    code: "not-found",
    message: /has the image but not its part sha256:[0-9a-f]{64} \(HTTP 404, BLOB_UNKNOWN/,
    hint: /published the image/,
  });
});

Deno.test("fetchBlob() goes on where a transfer broke off", async () => {
  const { digest, size, ...rest } = await descriptorOf(BYTES);
  const path = `/v2/team/x/blobs/${digest}`;
  for (const ranges of [true, false]) {
    // Every answer breaks off: with ranges each one brings more, without them none does.
    await using server = httpServer({
      [path]: { body: BYTES, cutAfterBytes: 20_000, ranges },
    });
    const blob = blobOf(clientOf(new URL(server.url).host), { digest, size, ...rest });
    if (ranges) {
      assert.deepEqual(await blob, BYTES);
      const asked = server.requests.map(({ headers }) => headers.get("range"));
      // Whole blocks of the disk are kept.
      assert.deepEqual(asked, [null, "bytes=16384-49999", "bytes=36384-49999"]);
    } else {
      await assert.rejects(blob, { message: /broke off/ });
      assert.ok(server.requests.length <= QUICK.attempts + 1, "one of them for a part");
    }
  }
});

Deno.test("fetchBlob() takes the whole again from a server without ranges", async () => {
  await using registry = fakeRegistry();
  const descriptor = await descriptorOf(BYTES);
  let answers = 0;
  registry.intercept = () => {
    if (answers++ > 0) return new Response(BYTES);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.write(BYTES.slice(0, 30_000)).then(() => writer.abort("cut")).catch(() => {});
    return new Response(readable);
  };
  assert.deepEqual(await blobOf(clientOf(registry.host), descriptor), BYTES);
  assert.equal(registry.requests[1]?.range, "bytes=28672-49999");
});

Deno.test("fetchBlob() gives up on a server that stalls, and ends when it is interrupted", async () => {
  const descriptor = await descriptorOf(BYTES);
  const path = `/v2/team/x/blobs/${descriptor.digest}`;
  await using server = httpServer({ [path]: { body: BYTES, stallAfterBytes: 100, ranges: true } });
  const { host } = new URL(server.url);
  const limits = { ...QUICK, attempts: 1, idleTimeoutMs: 100 };
  await assert.rejects(blobOf(clientOf(host, { limits }), descriptor), {
    message: /stalled: nothing came for 100 ms/,
  });
  const reason = new CocoonError("interrupted", "enough");
  const signal = AbortSignal.timeout(100);
  const abort = new AbortController();
  signal.addEventListener("abort", () => abort.abort(reason));
  await assert.rejects(
    blobOf(clientOf(host), descriptor, abort.signal),
    (error) => error === reason,
  );
});
