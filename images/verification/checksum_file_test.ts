import assert from "node:assert/strict";
import fc from "fast-check";
import { belongsTo, findDigest } from "./checksum_file.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const LONG = "c".repeat(128);

Deno.test("findDigest() reads what sha256sum and sha512sum write", () => {
  const text = `${A}  other.img\n${B} *disk.img\n${LONG}  ./sub/long.img\r\n`;
  assert.deepEqual(findDigest(text, "disk.img", false), { sha256: B });
  assert.deepEqual(findDigest(text, "other.img", false), { sha256: A });
  assert.deepEqual(findDigest(text, "long.img", false), { sha512: LONG });
});

Deno.test("findDigest() reads tagged lines inside a clearsigned file", () => {
  const text = [
    "-----BEGIN PGP SIGNED MESSAGE-----",
    "Hash: SHA256",
    "",
    "# disk.img: 12345 bytes",
    `SHA256 (disk.img) = ${A.toUpperCase()}`,
    `SHA512 (disk.img) = ${A}`,
    `SHA256 (disk.img.xz) = ${B}`,
    "-----BEGIN PGP SIGNATURE-----",
  ].join("\n");
  assert.deepEqual(findDigest(text, "disk.img", false), { sha256: A });
});

Deno.test("findDigest() prefers sha512, and the line with the name to one that has another", () => {
  assert.deepEqual(findDigest(`${A}  x\n${LONG}  x\n`, "x", false), { sha512: LONG });
  assert.deepEqual(findDigest(`${A}  y\n${B}  x\n`, "x", true), { sha256: B });
});

Deno.test("findDigest() takes a digest without the name only from the file's own checksum file", () => {
  for (const text of [`${A}\n`, `${A}  disk-20260101.img\n`, `SHA256 (disk-1.img) = ${A}`]) {
    assert.deepEqual(findDigest(text, "disk.img", true), { sha256: A });
    assert.throws(() => findDigest(text, "disk.img", false), {
      code: "failed",
      message: "the checksum file has no sha256 or sha512 of disk.img",
    });
  }
  assert.throws(() => findDigest(`${A}  1.img\n${B}  2.img`, "disk.img", true), {
    message: "the checksum file has several digests of disk.img",
  });
});

Deno.test("findDigest() refuses a file that says two things, or nothing", () => {
  assert.throws(() => findDigest(`${A}  x\n${B}  x\n`, "x", false), { message: /several/ });
  for (const text of ["", "<!doctype html>", `${A.slice(1)}  x`, `d41d8cd98f00b204  x`]) {
    assert.throws(() => findDigest(text, "x", true), { code: "failed" });
  }
});

Deno.test("findDigest() finds every name that it did write", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._ ()-]{0,40}[A-Za-z0-9]$/);
  fc.assert(
    fc.property(name, fc.boolean(), fc.boolean(), (name, tagged, star) => {
      const line = tagged ? `SHA256 (${name}) = ${A}` : `${A} ${star ? "*" : " "}${name}`;
      assert.deepEqual(findDigest(`${B}  ${name}x\n${line}\n`, name, false), { sha256: A });
    }),
    { numRuns: 200 },
  );
});

Deno.test("belongsTo() sees a checksum file of one image by its address", () => {
  const image = new URL("https://host/a/disk.img");
  assert.equal(belongsTo(new URL("https://host/a/disk.img.sha256"), image), true);
  assert.equal(belongsTo(new URL("https://host/a/SHA256SUMS"), image), false);
  assert.equal(belongsTo(new URL("https://host/a/disk.imgs"), image), false);
  assert.equal(belongsTo(new URL("https://other/a/disk.img.sha256"), image), false);
});
