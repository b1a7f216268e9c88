import assert from "node:assert/strict";
import { formatError } from "../cli/report.ts";
import { loadConfig } from "./load.ts";
import { shownValues } from "./show.ts";
import type { Config } from "./types.ts";

const FINGERPRINT = "0123456789abcdef0123456789abcdef01234567";

/** Loads a file with this text. */
async function load(text: string): Promise<Config> {
  const homePath = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${homePath}/config.toml`, text);
    const host = {
      architecture: "x86_64",
      os: "linux",
      env: (name: string) => name === "HOME" ? "/home/me" : undefined,
    } as const;
    return await loadConfig({ host, homePath, file: `${homePath}/config.toml`, overrides: {} });
  } finally {
    await Deno.remove(homePath, { recursive: true });
  }
}

const ACME = `
[images."acme:1"]
title = "Ours"
aliases = ["acme"]
default_user = "me"
minimum_disk = "5G"
keys = [{ fingerprint = "${FINGERPRINT}", source = "~/acme.asc" }]
[images."acme:1".x86_64]
source = "https://example.org/a.qcow2"
checksum = "https://example.org/SHA256SUMS"
signature = "https://example.org/SHA256SUMS.gpg"
[images."acme:1".aarch64]
source = "/srv/a.qcow2"
sha256 = "${"AB".repeat(32)}"
[store]
image_budget = "20G"
`;

Deno.test("imageTable() gives sources by architecture, keys and sizes in cocoon's terms", async () => {
  const config = await load(ACME);
  assert.deepEqual(config.images["acme:1"], {
    title: "Ours",
    aliases: ["acme"],
    defaultUser: "me",
    minimumDiskBytes: 5 * 1024 ** 3,
    keys: [{ fingerprint: FINGERPRINT.toUpperCase(), source: "/home/me/acme.asc" }],
    x86_64: {
      source: "https://example.org/a.qcow2",
      checksum: "https://example.org/SHA256SUMS",
      signature: "https://example.org/SHA256SUMS.gpg",
    },
    aarch64: { source: "/srv/a.qcow2", sha256: "ab".repeat(32) },
  });
  assert.deepEqual(config.store, { imageBudgetBytes: 20 * 1024 ** 3 });
});

Deno.test("writtenImage() shows the values as the file has them", async () => {
  const shown = new Map(
    (await shownValues(await load(ACME))).map(({ key, value }) => [key, value]),
  );
  assert.equal(shown.get('images."acme:1".minimum_disk'), "5GiB");
  assert.equal(shown.get('images."acme:1".default_user'), "me");
  assert.equal(shown.get("store.image_budget"), "20GiB");
});

Deno.test("loadConfig() finds every mistake in an image's table", async () => {
  const text = [
    "[images.none]",
    'title = "no source"',
    "[images.wrong]",
    'x86_64 = { source = "/a", sha265 = "0" }',
    'keys = [{ fingerprint = "12", source = "/k", id = 1 }]',
    "[images.plain]",
    'source = "/a"',
    'checksum = "SHA256SUMS"',
    'signature = "inline"',
    "[store]",
    'images = "1G"',
  ].join("\n");
  const error = await load(text).then(() => assert.fail("it did not fail"), (error) => error);
  const lines = formatError(error, { debug: false, color: false }).split("\n");
  const said = lines.map((line) => line.replace(/^\S*config\.toml:\d+:\d+: /, ""));
  for (
    const expected of [
      "images.none.source: missing",
      'images.wrong.x86_64.sha265: unknown key (did you mean "sha256"?)',
      'images.wrong.keys.0.fingerprint: expected 40 or 64 hexadecimal digits, got "12"',
      "images.wrong.keys.0.id: unknown key",
      'images.plain.checksum: expected an http(s) URL, got "SHA256SUMS"',
      'images.plain.signature: expected an http(s) URL or "clearsigned", got "inline"',
      "store.images: unknown key",
    ]
  ) {
    assert.ok(said.some((line) => line.includes(expected)), `${expected}\n${said.join("\n")}`);
  }
});
