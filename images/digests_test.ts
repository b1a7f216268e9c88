import assert from "node:assert/strict";
import { checkDigests, normalizeExpected, SourceHasher } from "./digests.ts";

const SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of "abc"

Deno.test("SourceHasher gives the published digests of abc, and SHA-512 only on demand", async () => {
  const one = await SourceHasher.create({});
  one.update(new TextEncoder().encode("a"));
  one.update(new TextEncoder().encode("bc"));
  assert.deepEqual(one.digests(), { sha256: SHA256 });
  const two = await SourceHasher.create({ sha512: "0".repeat(128) });
  two.update(new TextEncoder().encode("abc"));
  assert.match(two.digests().sha512 ?? "", /^ddaf35a193617aba.*a54ca49f$/);
});

Deno.test("normalizeExpected() takes prefix, capitals and blanks", () => {
  assert.deepEqual(normalizeExpected({ sha256: ` SHA256:${SHA256.toUpperCase()}\n` }), {
    sha256: SHA256,
  });
  assert.deepEqual(normalizeExpected({ sha512: undefined }), {});
});

Deno.test("normalizeExpected() refuses what is no digest", () => {
  for (const sha256 of ["", "abc", SHA256.slice(1), `${SHA256}0`, `sha512:${SHA256}`]) {
    assert.throws(() => normalizeExpected({ sha256 }), { code: "usage" }, sha256);
  }
  assert.throws(() => normalizeExpected({ sha512: SHA256 }), { code: "usage" });
});

Deno.test("checkDigests() names both digests when they differ", () => {
  const other = "0".repeat(64);
  assert.throws(() => checkDigests({ sha256: other }, { sha256: SHA256 }), {
    code: "failed",
    message: `checksum mismatch (expected sha256 ${other}, got ${SHA256}). ` +
      "The download was discarded",
    hint: "Try again, or pass the right digest with --sha256.",
  });
});

Deno.test("checkDigests() says which digest vouches, and checks all that are given", () => {
  const actual = { sha256: SHA256, sha512: "1".repeat(128) };
  assert.equal(checkDigests({}, actual), "none");
  assert.equal(checkDigests({ sha256: SHA256 }, actual), "sha256");
  assert.equal(checkDigests(actual, actual), "sha512");
  assert.throws(() => checkDigests({ sha256: SHA256, sha512: "2".repeat(128) }, actual));
});
