import assert from "node:assert/strict";
import { CocoonError } from "../../../errors/error.ts";
import { realHost } from "../../../host/host.ts";
import { httpServer } from "../../../tests/support/http_server.ts";
import { type FakeRegistry, fakeRegistry } from "../testing/fake_registry.ts";
import { blobOf, BYTES, clientOf, descriptorOf, QUICK } from "../testing/client.ts";
import { describe, imageParts, indexParts } from "../testing/parts.ts";
import { entriesFor } from "./platform.ts";
import type { TransportOptions } from "./transport.ts";

/** A host whose Docker configuration has one login. */
async function loggedIn(
  registry: string,
  auth: unknown,
): Promise<AsyncDisposable & Pick<TransportOptions, "host">> {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${directory}/config.json`,
    JSON.stringify({ auths: { [registry]: auth } }),
  );
  return {
    host: {
      ...realHost(),
      env: (name) => name === "DOCKER_CONFIG" ? directory : undefined,
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** Lets in who has the token `good`, and gives it to who comes with the right Authorization. */
function requireToken(
  registry: FakeRegistry,
  options: { authorization?: string | null; expiresIn?: number; valid?: () => string } = {},
): void {
  const { authorization = null, expiresIn = 300, valid = () => "good" } = options;
  registry.intercept = (request, url) => {
    const given = request.headers.get("authorization");
    if (url.pathname === "/token") {
      if (given !== authorization) return new Response(null, { status: 401 });
      return Response.json({ token: valid(), expires_in: expiresIn });
    }
    if (given === `Bearer ${valid()}`) return undefined;
    const header = `Bearer realm="http://${registry.host}/token",service="fake,service",` +
      `scope="repository:team/x:pull"`;
    return new Response(null, { status: 401, headers: { "www-authenticate": header } });
  };
}

Deno.test("manifest() gives what was stored, checked against its digest", async () => {
  await using registry = fakeRegistry();
  const parts = await imageParts({ layers: [{ bytes: BYTES }] });
  const digest = await registry.add("latest", parts);
  const client = clientOf(registry.host);
  const byTag = await client.manifest("latest");
  assert.equal(byTag.digest, digest);
  assert.deepEqual(byTag.bytes, parts.manifest);
  assert.equal((await client.manifest(digest)).digest, digest);
  await assert.rejects(client.manifest("other"), {
    code: "not-found",
    message: /has no such image \(HTTP 404, MANIFEST_UNKNOWN: unknown here\)/,
  });
});

Deno.test("manifest() refuses one that is not what its digest says", async () => {
  await using registry = fakeRegistry();
  const parts = await imageParts({ layers: [{ bytes: BYTES }] });
  await registry.add("latest", parts);
  registry.intercept = () =>
    new Response(parts.manifest, {
      headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` },
    });
  await assert.rejects(clientOf(registry.host).manifest("latest"), {
    message: /checksum mismatch/,
  });
  registry.intercept = () => new Response(parts.manifest);
  await assert.rejects(clientOf(registry.host).manifest(`sha256:${"1".repeat(64)}`), {
    message: /checksum mismatch/,
  });
});

Deno.test("manifest() refuses what is huge, damaged or old", async () => {
  await using registry = fakeRegistry();
  const config = await describe("application/vnd.oci.image.config.v1+json", BYTES);
  const layers = [{ ...config, digest: "sha256:../../etc" }];
  const cases: [string | Uint8Array<ArrayBuffer>, RegExp][] = [
    [new Uint8Array(5 * 1024 * 1024).fill(0x20), /more than the 4194304 bytes/],
    ["<html>", /not JSON/],
    ["[]", /not JSON/],
    ['{"schemaVersion":1}', /old form/],
    ['{"schemaVersion":2}', /config has no media type/],
    [JSON.stringify({ config, layers }), /layers\[0\] has no digest/],
    [JSON.stringify({ config, layers: [{ ...config, size: -1 }] }), /layers\[0\] has no size/],
    [JSON.stringify({ config }), /no layers/],
    [JSON.stringify({ config, layers: new Array(1001).fill(config) }), /more than 1000/],
    [JSON.stringify({ mediaType: "x/y", config, layers: [] }), /"x\/y" is unknown/],
  ];
  for (const [body, message] of cases) {
    registry.intercept = () => new Response(body);
    await assert.rejects(clientOf(registry.host).manifest("latest"), { code: "failed", message });
  }
});

Deno.test("a token is fetched once for all requests, anonymously", async () => {
  await using registry = fakeRegistry();
  requireToken(registry);
  const parts = await imageParts({ layers: [{ bytes: BYTES }] });
  await registry.add("latest", parts);
  const client = clientOf(registry.host);
  const descriptor = await descriptorOf(BYTES);
  await Promise.all([client.manifest("latest"), blobOf(client, descriptor)]);
  await blobOf(client, descriptor);
  const tokens = registry.requests.filter(({ path }) => path.startsWith("/token"));
  assert.deepEqual(tokens.map(({ path }) => new URLSearchParams(path.slice(6)).toString()), [
    "service=fake%2Cservice&scope=repository%3Ateam%2Fx%3Apull",
  ]);
});

Deno.test("a token that has ended is renewed in the middle of a pull", async () => {
  await using registry = fakeRegistry();
  let token = "one";
  requireToken(registry, { valid: () => token });
  const descriptor = await descriptorOf(BYTES);
  registry.setBlob(descriptor.digest, BYTES);
  const client = clientOf(registry.host);
  await blobOf(client, descriptor);
  token = "two";
  assert.deepEqual(await blobOf(client, descriptor), BYTES);
});

Deno.test("a login goes to the token server, and only the token to the registry", async () => {
  await using registry = fakeRegistry();
  const basic = `Basic ${btoa("me:pass:word")}`;
  requireToken(registry, { authorization: basic });
  await registry.add("latest", await imageParts({ layers: [{ bytes: BYTES }] }));
  await using login = await loggedIn(registry.host, { auth: btoa("me:pass:word") });
  await clientOf(registry.host, { host: login.host }).manifest("latest");
  const seen = registry.requests.map(({ path, authorization }) => [
    path.replace(/\?.*/, ""),
    authorization,
  ]);
  assert.deepEqual(seen, [
    ["/v2/team/x/manifests/latest", null],
    ["/token", basic],
    ["/v2/team/x/manifests/latest", "Bearer good"],
  ]);
});

Deno.test("a refresh token is changed into an access token", async () => {
  await using registry = fakeRegistry();
  let form = "";
  requireToken(registry);
  const { intercept } = registry;
  registry.intercept = async (request, url) => {
    if (url.pathname !== "/token") return intercept(request, url);
    assert.equal(request.method, "POST");
    form = await request.text();
    return Response.json({ access_token: "good" });
  };
  await registry.add("latest", await imageParts({ layers: [{ bytes: BYTES }] }));
  await using login = await loggedIn(registry.host, { identitytoken: "refresh" });
  await clientOf(registry.host, { host: login.host }).manifest("latest");
  const { grant_type, refresh_token } = Object.fromEntries(new URLSearchParams(form));
  assert.deepEqual([grant_type, refresh_token], ["refresh_token", "refresh"]);
});

Deno.test("a registry that refuses its own token is asked no third time", async () => {
  await using registry = fakeRegistry();
  registry.intercept = (_request, url) =>
    url.pathname === "/token" ? Response.json({ token: "good" }) : new Response(
      JSON.stringify({ errors: [{ code: "DENIED", message: "no\naccess\u001b[31m" }] }),
      {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="http://${registry.host}/token"` },
      },
    );
  await assert.rejects(clientOf(registry.host).manifest("latest"), (error) => {
    assert.ok(error instanceof CocoonError);
    assert.match(error.message, /refuses the access \(HTTP 401, DENIED: no access \[31m\)/);
    assert.match(error.hint ?? "", /docker login/);
    return true;
  });
  assert.equal(registry.requests.length, 3);
});

Deno.test("a token server is no way to get a password in the clear, or a header", async () => {
  await using registry = fakeRegistry();
  const challenge = (realm: string) => () =>
    new Response(null, {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${realm}"` },
    });
  registry.intercept = challenge("http://192.0.2.1/token");
  // Only a registry on this computer may use http, and only for token servers on it.
  await assert.rejects(clientOf(registry.host).manifest("x"), {
    message: /192\.0\.2\.1.* no https address/,
  });
  registry.intercept = challenge("file:///etc/passwd");
  await assert.rejects(clientOf(registry.host).manifest("x"), { message: /no https address/ });
  registry.intercept = (_request, url) =>
    url.pathname === "/token"
      ? Response.json({ token: "good\r\nx-evil: 1" })
      : challenge(`http://${registry.host}/token`)();
  await assert.rejects(clientOf(registry.host).manifest("x"), { message: /gave no token/ });
});

Deno.test("redirects to another host are followed without Authorization", async () => {
  await using registry = fakeRegistry();
  await using elsewhere = httpServer({ "/cdn": { body: BYTES } });
  requireToken(registry);
  const { intercept } = registry;
  registry.intercept = (request, url) =>
    intercept(request, url) ??
      new Response(null, { status: 307, headers: { location: `${elsewhere.url}/cdn` } });
  const descriptor = await descriptorOf(BYTES);
  assert.deepEqual(await blobOf(clientOf(registry.host), descriptor), BYTES);
  assert.equal(elsewhere.requests[0]?.headers.get("authorization"), null);
  assert.equal(registry.requests.at(-1)?.authorization, "Bearer good");
  registry.intercept = () => new Response(null, { status: 302, headers: { location: "/again" } });
  await assert.rejects(blobOf(clientOf(registry.host), descriptor), { message: /redirects/ });
  registry.intercept = () =>
    new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } });
  await assert.rejects(blobOf(clientOf(registry.host), descriptor), {
    message: /redirects to "file:/,
    hint: /Only http and https/,
  });
});

Deno.test("a host that is redirected to gets no password, whatever it asks for", async () => {
  for (const scheme of ["basic", "bearer"]) {
    await using registry = fakeRegistry();
    await using elsewhere = fakeRegistry();
    const challenge = scheme === "basic"
      ? `Basic realm="x"`
      : `Bearer realm="http://${elsewhere.host}/token",service="s"`;
    elsewhere.intercept = (_, url) =>
      url.pathname === "/token"
        ? Response.json({ token: "stolen" })
        : new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
    registry.intercept = () =>
      new Response(null, { status: 307, headers: { location: `http://${elsewhere.host}/cdn` } });
    await using login = await loggedIn(registry.host, { auth: btoa("me:password") });
    const client = clientOf(registry.host, { host: login.host });
    await assert.rejects(blobOf(client, await descriptorOf(BYTES)), { code: "failed" });
    const paths = elsewhere.requests.map(({ path, authorization }) => [path, authorization]);
    assert.deepEqual(paths, [["/cdn", null]], scheme);
    // Neither does the registry get one that it did not ask for.
    assert.deepEqual(registry.requests.map(({ authorization }) => authorization), [null], scheme);
  }
});

Deno.test("what may pass is tried again, what stays is not", async () => {
  await using registry = fakeRegistry();
  await registry.add("latest", await imageParts({ layers: [{ bytes: BYTES }] }));
  for (const [status, tries] of [[503, 3], [429, 3], [500, 3], [403, 1], [400, 1]] as const) {
    registry.requests.length = 0;
    registry.intercept = () => new Response(null, { status });
    await assert.rejects(clientOf(registry.host).manifest("latest"), {
      message: new RegExp(`HTTP ${status}`),
    });
    assert.equal(registry.requests.length, tries, String(status));
  }
  let refusals = 2;
  registry.intercept = () =>
    refusals-- > 0
      ? new Response(null, { status: 429, headers: { "retry-after": "0" } })
      : undefined;
  await clientOf(registry.host).manifest("latest");
});

Deno.test("registries elsewhere are spoken to with TLS, unless a flag allows http", async () => {
  // A name that leads to this computer but does not say so; nothing on that port speaks TLS.
  await using registry = fakeRegistry();
  const host = registry.host.replace("127.0.0.1", "0.0.0.0");
  await registry.add("latest", await imageParts({ layers: [{ bytes: BYTES }] }));
  const limits = { ...QUICK, attempts: 1 };
  await assert.rejects(clientOf(host, { limits }).manifest("latest"), {
    message: /TLS|no answer/,
    hint: /has no TLS: --plain-http$/,
  });
  assert.equal(registry.requests.length, 0);
  await clientOf(host, { limits, plainHttp: true }).manifest("latest");
});

Deno.test("entriesFor() chooses by platform and skips attestations", async () => {
  const parts = await imageParts({ layers: [{ bytes: BYTES }] });
  await using registry = fakeRegistry();
  const platform = (architecture: string, variant?: string) => ({
    parts,
    platform: { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const index = await indexParts([
    { parts, platform: { os: "unknown", architecture: "unknown" } },
    platform("arm", "v7"),
    platform("amd64"),
    platform("arm64", "v8"),
    platform("aarch64"),
  ]);
  await registry.add("multi", index);
  const { content } = await clientOf(registry.host).manifest("multi");
  assert.ok(content.kind === "index");
  const names = (architecture: string) =>
    entriesFor(content, { os: "linux", architecture }).map(({ platform }) =>
      platform?.architecture
    );
  assert.deepEqual(names("amd64"), ["amd64"]);
  assert.deepEqual(names("arm64"), ["arm64", "aarch64"]);
  assert.throws(() => names("riscv64"), {
    code: "not-found",
    message: /not there for linux\/riscv64/,
  });
});
