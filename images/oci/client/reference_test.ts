import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatOciReference,
  isLoopback,
  looksLikeOci,
  type OciReference,
  parseOciReference,
} from "./reference.ts";

const HEX = "0123456789abcdef".repeat(4);

Deno.test("parseOciReference() reads hosts, names, tags and digests", () => {
  const cases: [string, OciReference][] = [
    ["ghcr.io/a/b:1.0", { registry: "ghcr.io", repository: "a/b", tag: "1.0" }],
    ["oci:ghcr.io/a/b", { registry: "ghcr.io", repository: "a/b", tag: "latest" }],
    ["localhost/x", { registry: "localhost", repository: "x", tag: "latest" }],
    ["localhost:5000/x:y", { registry: "localhost:5000", repository: "x", tag: "y" }],
    ["registry:5000/x", { registry: "registry:5000", repository: "x", tag: "latest" }],
    ["[::1]:5000/x", { registry: "[::1]:5000", repository: "x", tag: "latest" }],
    ["GHCR.io/x", { registry: "ghcr.io", repository: "x", tag: "latest" }],
    [`h.io/x@sha256:${HEX}`, { registry: "h.io", repository: "x", digest: `sha256:${HEX}` }],
    [
      `h.io/x:t@sha256:${HEX}`,
      { registry: "h.io", repository: "x", tag: "t", digest: `sha256:${HEX}` },
    ],
    ["oci:debian:12", { registry: "docker.io", repository: "library/debian", tag: "12" }],
    ["oci:me/disk", { registry: "docker.io", repository: "me/disk", tag: "latest" }],
    ["index.docker.io/me/disk", { registry: "docker.io", repository: "me/disk", tag: "latest" }],
    ["h.io/a__b/c--d.e_f", { registry: "h.io", repository: "a__b/c--d.e_f", tag: "latest" }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseOciReference(text), expected, text);
  }
});

Deno.test("parseOciReference() refuses what no registry has, saying why", () => {
  const cases: [string, RegExp][] = [
    ["h.io/", /no name/],
    ["oci:", /no name/],
    ["h.io/Upper", /lower case/],
    ["h.io/a//b", /no name/],
    ["h.io/../b", /no name/],
    ["h.io/a:", /is no tag/],
    ["h.io/a:.x", /is no tag/],
    [`h.io/a:${"x".repeat(129)}`, /is no tag/],
    ["h.io/a@sha256:12", /after @/],
    [`h.io/a@md5:${HEX}`, /after @/],
    [`h.io/a@sha256:${HEX.toUpperCase()}`, /after @/],
    ["h.io:70000/a", /port/],
    [`h.io/${"a".repeat(256)}`, /no name/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseOciReference(text), { code: "usage", message }, text);
  }
});

Deno.test("looksLikeOci() tells registries from files and stored names", () => {
  for (const text of ["oci:debian", "ghcr.io/x", "localhost/x", "host:5000/x", "127.0.0.1:1/x"]) {
    assert.ok(looksLikeOci(text), text);
  }
  for (
    const text of [
      "debian:12",
      "./x",
      "../x",
      "a/b",
      "/srv/x.raw",
      "~/x",
      "x.raw",
      "oci://h/x",
      "-",
      "https://h/x",
      "file:///x",
      "",
    ]
  ) assert.ok(!looksLikeOci(text), text);
});

Deno.test("formatOciReference() writes what parseOciReference() reads", () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const reference = fc.record({
    host: fc.constantFrom("ghcr.io", "localhost", "h:1", "docker.io", "[::1]:5000"),
    parts: fc.array(word, { minLength: 1, maxLength: 3 }),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/), { nil: undefined }),
    digest: fc.option(fc.constant(`@sha256:${HEX}`), { nil: undefined }),
  });
  fc.assert(fc.property(reference, ({ host, parts, tag, digest }) => {
    const text = `${host}/${parts.join("/")}${tag === undefined ? "" : `:${tag}`}${digest ?? ""}`;
    const parsed = parseOciReference(text);
    assert.deepEqual(parseOciReference(formatOciReference(parsed)), parsed);
    assert.ok(looksLikeOci(formatOciReference(parsed)));
  }));
});

Deno.test("isLoopback() is true of this computer alone", () => {
  for (const host of ["localhost", "localhost:1", "127.0.0.1:5", "[::1]:5"]) {
    assert.ok(isLoopback(host), host);
  }
  for (
    const host of [
      "10.0.0.1",
      "a.localhost",
      "localhost.evil.com",
      "127.0.0.1.evil.com",
      "ghcr.io",
      "127.1",
    ]
  ) {
    assert.ok(!isLoopback(host), host);
  }
});
