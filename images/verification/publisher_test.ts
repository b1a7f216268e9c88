import assert from "node:assert/strict";
import { messageOf } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import { httpServer } from "../../tests/support/http_server.ts";
import { testKeys } from "../testing/openpgp.ts";
import { askPublisher } from "./publisher.ts";

const A = "a".repeat(64);
const SUMS = `${"b".repeat(64)}  other.img\n${A}  disk.img\n`;
const host = realHost();
const bare = { run: host.run, which: () => undefined };

Deno.test("askPublisher() takes the digest from a checksum file without a signature", async () => {
  await using server = httpServer({
    "/SHA256SUMS": { body: SUMS },
    "/disk.img.sha512": { body: "c".repeat(128) },
  });
  const source = `${server.url}/disk.img`;
  const list = { source, checksum: `${server.url}/SHA256SUMS` };
  assert.deepEqual(await askPublisher(host, list, []), {
    digest: { sha256: A },
    voucher: { by: "checksum", checksum: list.checksum },
  });
  const own = { source, checksum: `${source}.sha512` };
  assert.deepEqual((await askPublisher(host, own, [])).digest, { sha512: "c".repeat(128) });
  const gone = { source, checksum: `${server.url}/none` };
  await assert.rejects(askPublisher(host, gone, []), {
    code: "not-found",
    message: `${server.url}/none: the server has no such file (HTTP 404)`,
  });
});

Deno.test("askPublisher() tries again when the server has a passing problem", async () => {
  await using server = httpServer({ "/S": { body: "busy", status: 503 } });
  const source = { source: `${server.url}/disk.img`, checksum: `${server.url}/S` };
  setTimeout(() => server.serve("/S", { body: SUMS }), 100);
  assert.deepEqual((await askPublisher(host, source, [])).digest, { sha256: A });
  assert.equal(server.requests.length, 2);
  server.serve("/S", { body: new Uint8Array(1024 * 1024 + 1) });
  await assert.rejects(askPublisher(host, source, []), { message: /larger than 1048576 bytes/ });
});

Deno.test("askPublisher() believes a signed file only with a pinned key", async () => {
  await using keys = await testKeys();
  const key = await keys.make("Publisher <p@example.org>");
  const other = await keys.make("Other <o@example.org>");
  await using server = httpServer({
    "/S": { body: SUMS },
    "/S.asc": { body: await key.sign(SUMS) },
    "/C": { body: await key.clearsign(SUMS) },
    "/key": { body: key.armored },
    "/other": { body: other.armored },
  });
  const at = (path: string) => `${server.url}${path}`;
  const source = { source: at("/disk.img"), checksum: at("/S"), signature: at("/S.asc") };
  const right = { fingerprint: key.fingerprint, source: at("/key") };
  const wrong = { fingerprint: other.fingerprint, source: at("/other") };
  const gone = { fingerprint: "0".repeat(40), source: at("/none") };

  const expected = { by: "signature", checksum: at("/S"), key: key.fingerprint };
  for (const ring of [[right], [wrong, right], [gone, right]]) {
    assert.deepEqual((await askPublisher(host, source, ring)).voucher, expected);
  }
  const clear = { ...source, checksum: at("/C"), signature: "clearsigned" };
  const { digest, voucher } = await askPublisher(host, clear, [right]);
  assert.deepEqual([digest, voucher.by], [{ sha256: A }, "signature"]);

  const refused = async (ring: (typeof right)[], message: RegExp, lenient = false) => {
    await assert.rejects(askPublisher(host, source, ring, { lenient }), { message });
  };
  await refused([wrong], /\/S: none of the pinned keys has signed it/);
  await refused([], /no key is known/);
  await refused([gone], /\/none: the server has no such file/);
  // A server that gives another key than the one that is pinned.
  await refused([{ ...right, source: at("/other") }], /none of the pinned keys/);
  server.serve("/S", { body: SUMS.replace(A, "d".repeat(64)) });
  await refused([right], /\/S: the signature is wrong/);
  await refused([right], /\/S: the signature is wrong/, true); // not even leniently
});

Deno.test("askPublisher() warns when a signature cannot be checked", async () => {
  await using server = httpServer({ "/S": { body: SUMS } });
  const source = {
    source: `${server.url}/disk.img`,
    checksum: `${server.url}/S`,
    signature: `${server.url}/S.asc`,
  };
  const keys = [{ fingerprint: "0".repeat(40), source: `${server.url}/key` }];
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);

  const without = await askPublisher(bare, source, keys, { onWarning });
  assert.equal(without.voucher.by, "checksum");
  assert.match(warnings[0] ?? "", /neither gpgv nor gpg is installed$/);

  // With GnuPG, a signature that has gone is a reason to stop, unless the user says otherwise.
  await assert.rejects(askPublisher(host, source, keys, { onWarning }), { message: /S\.asc: / });
  const lenient = await askPublisher(host, source, keys, { onWarning, lenient: true });
  assert.equal(lenient.voucher.by, "checksum");
  assert.match(warnings[1] ?? "", /^its signature was not checked: .*S\.asc: the server has no/);
});

Deno.test("askPublisher() uses the passwords in addresses and shows none of them", async () => {
  await using keys = await testKeys();
  const key = await keys.make("Publisher <p@example.org>");
  await using server = httpServer({
    "/S": { body: SUMS },
    "/S.asc": { body: await key.sign(SUMS) },
    "/key": { body: key.armored },
  });
  const at = (path: string) => `${server.url.replace("//", "//me:secret@")}${path}`;
  const source = { source: at("/disk.img"), checksum: at("/S"), signature: at("/S.asc") };
  const right = { fingerprint: key.fingerprint, source: at("/key") };
  const ring = [right];
  const { voucher } = await askPublisher(host, source, ring);
  assert.equal(voucher.checksum, `${server.url}/S`);
  assert.deepEqual(
    new Set(server.requests.map(({ headers }) => headers.get("authorization"))),
    new Set([`Basic ${btoa("me:secret")}`]),
  );

  const told: string[] = [];
  const onWarning = (message: string) => told.push(message);
  const failure = (asked: Promise<unknown>) =>
    asked.then(() => told.push("done"), (error) => told.push(messageOf(error)));
  await failure(askPublisher(bare, source, ring, { onWarning }));
  await failure(askPublisher(host, { ...source, checksum: at("/none") }, ring));
  await failure(askPublisher(host, { ...source, signature: at("/none.asc") }, ring));
  await failure(askPublisher(host, source, [{ ...right, source: at("/none.key") }]));
  server.serve("/S", { body: "else" });
  await failure(askPublisher(host, source, ring));
  assert.equal(told.length, 6, told.join("\n"));
  assert.doesNotMatch(told.join("\n"), /secret/);
});
