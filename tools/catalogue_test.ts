import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { Catalogue } from "../images/catalogue/catalogue.ts";
import { testKeys } from "../images/testing/openpgp.ts";
import { httpServer } from "../tests/support/http_server.ts";
import { reportCatalogue } from "./catalogue.ts";

const A = "a".repeat(64);

Deno.test("reportCatalogue() names what is broken, and only that", async () => {
  await using keys = await testKeys();
  const key = await keys.make("Publisher <p@example.org>");
  const sums = `${A}  good.img\n`;
  await using server = httpServer({
    "/good.img": { body: "disk" },
    "/S": { body: sums },
    "/S.asc": { body: await key.sign(sums) },
    "/bad.asc": { body: await key.sign("something else") },
    "/key": { body: key.armored },
  });
  const at = (path: string) => `${server.url}${path}`;
  const pinned = [{ fingerprint: key.fingerprint, source: at("/key") }];
  const good = { source: at("/good.img"), checksum: at("/S") };
  const catalogue = new Catalogue({
    plain: { x86_64: good },
    signed: { x86_64: { ...good, signature: at("/S.asc") }, keys: pinned },
    moved: { x86_64: { ...good, source: at("/moved.img") } },
    forged: { aarch64: { ...good, signature: at("/bad.asc") }, keys: pinned },
    lost: { x86_64: { ...good, checksum: at("/none") } },
  }, "x86_64");
  const own = catalogue.images().filter(({ origin }) => origin === "configuration");
  const lines: string[] = [];

  assert.equal(await reportCatalogue(realHost(), own, (line) => lines.push(line)), 1);

  const said = lines.map((line) => line.replaceAll(server.url, ""));
  const wrong = "the signature is wrong: the file is not what was signed";
  assert.deepEqual(said, [
    "ok     plain x86_64 checksum",
    "ok     signed x86_64 signature",
    "BROKEN moved x86_64",
    "       /moved.img: the server has no such file (HTTP 404)",
    "       the checksum file has no sha256 or sha512 of moved.img",
    "BROKEN forged aarch64",
    `       /S: ${wrong}`,
    "BROKEN lost x86_64",
    "       /none: the server has no such file (HTTP 404)",
    "broken: moved, forged, lost",
  ]);
  const images = server.requests.filter(({ path }) => path.endsWith(".img"));
  assert.ok(images.every(({ headers }) => headers.get("range") === "bytes=0-0"));

  const whole = own.filter(({ name }) => ["plain", "signed"].includes(name));
  assert.equal(await reportCatalogue(realHost(), whole, () => {}), 0);
  // Without GnuPG, an unchecked signature is a problem here.
  const bare = { run: realHost().run, which: () => undefined };
  assert.equal(await reportCatalogue(bare, whole, () => {}), 1);
});
