import assert from "node:assert/strict";
import { parse } from "smol-toml";
import * as v from "valibot";
import { FILE_SCHEMA } from "../../config/schema.ts";
import { checkTag } from "../reference.ts";
import { Catalogue, shippedImages } from "./catalogue.ts";

const text = await Deno.readTextFile(new URL("catalogue.toml", import.meta.url));

Deno.test("catalogue.toml is what the configuration's schema takes", () => {
  const result = v.safeParse(FILE_SCHEMA, parse(text));
  assert.deepEqual(result.issues?.map((issue) => v.getDotPath(issue)), undefined);
});

Deno.test("catalogue.toml says for every image what it is and what vouches for it", () => {
  const images = shippedImages();
  assert.ok(images.length >= 11);
  for (const { name, title, defaultUser, minimumDiskBytes, sources, keys } of images) {
    checkTag(name);
    assert.ok(title && defaultUser && minimumDiskBytes, name);
    for (const { source, checksum, signature } of Object.values(sources)) {
      for (const url of [source, checksum]) {
        assert.equal(new URL(url ?? "").protocol, "https:", name);
      }
      // Both or neither: a signature without a key could not be checked.
      assert.equal(signature !== undefined, keys.length > 0, name);
    }
  }
  const both = images.filter(({ sources }) => sources.x86_64 && sources.aarch64);
  assert.deepEqual(images.filter((image) => !both.includes(image)).map(({ name }) => name), [
    "archlinux",
  ]);
});

Deno.test("catalogue.toml has no name or alias twice", () => {
  const names = shippedImages().flatMap(({ name, aliases }) => [name, ...aliases]);
  assert.deepEqual(names, [...new Set(names)]);
});

Deno.test("Catalogue.entry() finds names, aliases and architectures", () => {
  const catalogue = new Catalogue({}, "x86_64");
  const found = (name: string, wanted?: "x86_64" | "aarch64") => {
    const entry = catalogue.entry(name, wanted);
    return entry && [entry.tag, entry.architecture];
  };
  assert.deepEqual(found("debian:13"), ["debian:13", "x86_64"]);
  assert.deepEqual(found("Debian"), ["debian:13", "x86_64"]);
  assert.deepEqual(found("debian:bookworm"), ["debian:12", "x86_64"]);
  assert.deepEqual(found("debian:12", "aarch64"), ["debian:12-aarch64", "aarch64"]);
  assert.deepEqual(found("debian:12-aarch64"), ["debian:12-aarch64", "aarch64"]);
  assert.deepEqual(found("debian-x86_64", "aarch64"), ["debian:13", "x86_64"]);
  assert.equal(found("debian:14"), undefined);
  assert.equal(found("opensuse"), undefined);
  assert.throws(() => catalogue.entry("archlinux", "aarch64"), {
    code: "not-found",
    message: 'image "archlinux": there is none for aarch64',
    hint: "It exists for x86_64.",
  });
  assert.match(catalogue.entry("debian:13")?.source.source ?? "", /-amd64\.qcow2$/);
});

Deno.test("Catalogue takes the configuration's images before its own", () => {
  const catalogue = new Catalogue({
    "debian:13": { source: "/srv/mine.qcow2", architecture: "aarch64" },
    acme: { source: "https://example.org/a.img", aliases: ["ubuntu"], sha256: "ab" },
  }, "aarch64");
  const mine = catalogue.entry("debian:13");
  assert.equal(mine?.image.origin, "configuration");
  assert.equal(mine?.source.source, "/srv/mine.qcow2");
  assert.throws(() => catalogue.entry("debian:13", "x86_64"), { code: "not-found" });
  assert.equal(catalogue.entry("ubuntu")?.image.name, "acme");
  assert.deepEqual(catalogue.entry("acme", "x86_64")?.source, {
    source: "https://example.org/a.img",
    sha256: "ab",
  });
  // Its alias went with the image that was replaced.
  assert.equal(catalogue.find("debian:trixie"), undefined);
});

Deno.test("Catalogue.search() wants every word, in names, aliases and titles", () => {
  const catalogue = new Catalogue({}, "x86_64");
  const names = (...words: string[]) => catalogue.search(words).map(({ name }) => name);
  assert.deepEqual(names("BOOKWORM"), ["debian:12"]);
  assert.deepEqual(names("lts", "noble"), ["ubuntu:24.04"]);
  assert.deepEqual(names("nothing-like-that"), []);
  assert.equal(names().length, catalogue.images().length);
});

Deno.test("Catalogue.suggest() gives the family, else what is near", () => {
  const catalogue = new Catalogue({}, "x86_64");
  assert.deepEqual(catalogue.suggest("opensuse"), ["opensuse:leap-16.0", "opensuse:tumbleweed"]);
  assert.deepEqual(catalogue.suggest("debian:14"), ["debian:13", "debian:12"]);
  assert.equal(catalogue.suggest("ubunto:24.04")[0], "ubuntu:24.04");
  assert.deepEqual(catalogue.suggest("windows-server-2025"), []);
});
