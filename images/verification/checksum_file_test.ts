import assert from "node:assert/strict";
import fc from "fast-check";
import { belongsTo, findDigest, isVersionOf } from "./checksum_file.ts";

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
  assert.throws(() => findDigest(`${A}  disk-1.img\n${B}  disk-2.img`, "disk.img", true), {
    message: "the checksum file has several digests of disk.img",
    hint: /give the address of one of them/,
  });
});

Deno.test("findDigest() refuses the checksum file of another image in the place of the image's", () => {
  for (const text of [`${A}  other.img`, `SHA256 (disk-arm64.img) = ${A}`, `${A} *disk.img.xz`]) {
    assert.throws(() => findDigest(text, "disk.img", true), {
      message: "the checksum file has no sha256 or sha512 of disk.img",
    });
  }
});

Deno.test("isVersionOf() knows the versioned names that publishers use, and no other image's", () => {
  const suse = "openSUSE-Tumbleweed-Minimal-VM.x86_64-Cloud.qcow2";
  const rocky = "Rocky-9-GenericCloud-Base.latest.x86_64.qcow2";
  const versions = [
    [suse, suse],
    ["openSUSE-Tumbleweed-Minimal-VM.x86_64-1.0.0-Cloud-Snapshot20260101.qcow2", suse],
    [
      "Leap-16.0-Minimal-VM.x86_64-16.0.0-Cloud-Build16.2.qcow2",
      "Leap-16.0-Minimal-VM.x86_64-Cloud.qcow2",
    ],
    ["Rocky-9-GenericCloud-Base-9.6-20250531.0.x86_64.qcow2", rocky],
    ["Arch-Linux-x86_64-cloudimg-20261001.604814.qcow2", "Arch-Linux-x86_64-cloudimg.qcow2"],
  ] as const;
  for (const [name, fileName] of versions) assert.ok(isVersionOf(name, fileName), name);
  const others = [
    ["openSUSE-Tumbleweed-Minimal-VM.aarch64-1.0.0-Cloud-Snapshot20260101.qcow2", suse],
    ["openSUSE-Tumbleweed-Minimal-VM.x86_64-1.0.0-kvm-and-xen-Snapshot20260101.qcow2", suse],
    [
      "Leap-15.6-Minimal-VM.x86_64-15.6.0-Cloud-Build16.2.qcow2",
      "Leap-16.0-Minimal-VM.x86_64-Cloud.qcow2",
    ],
    ["Rocky-9-GenericCloud-LVM-9.6-20250531.0.x86_64.qcow2", rocky],
    ["Rocky-8-GenericCloud-Base-8.10-20240528.0.x86_64.qcow2", rocky],
    ["Arch-Linux-x86_64-cloudimg-20261001.604814.raw", "Arch-Linux-x86_64-cloudimg.qcow2"],
  ] as const;
  for (const [name, fileName] of others) assert.ok(!isVersionOf(name, fileName), name);
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
