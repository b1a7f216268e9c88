import assert from "node:assert/strict";
import { checkTag, parseReference, publicSource, publicUrl } from "./reference.ts";

const around = {
  isFile: (path: string) => ["disks.d/x.raw", "disk.qcow2", "disk.raw", "debian"].includes(path),
  isTag: (name: string) => ["debian", "https://host/a.img"].includes(name),
  isName: (name: string) => ["fedora", "disk.qcow2", "debian"].includes(name),
  homeDirectory: "/home/me",
};

Deno.test("parseReference() sorts tags, files, URLs and standard input", () => {
  const cases: [string, unknown][] = [
    ["debian", { kind: "stored", name: "debian" }], // a tag wins over a file
    ["fedora", { kind: "named", name: "fedora" }],
    ["disk.qcow2", { kind: "named", name: "disk.qcow2" }], // a name wins over a file
    ["./disk.qcow2", { kind: "file", path: `${Deno.cwd()}/disk.qcow2` }],
    ["disk.raw", { kind: "file", path: `${Deno.cwd()}/disk.raw` }],
    ["./none", { kind: "file", path: `${Deno.cwd()}/none` }],
    ["../none", { kind: "file", path: `${Deno.cwd().replace(/\/[^/]*$/, "")}/none` }],
    ["a/b", { kind: "file", path: `${Deno.cwd()}/a/b` }],
    ["/srv/x.raw", { kind: "file", path: "/srv/x.raw" }],
    ["~/x.raw", { kind: "file", path: "/home/me/x.raw" }],
    ["file:///srv/a%20b.raw", { kind: "file", path: "/srv/a b.raw" }],
    ["-", { kind: "stdin" }],
    ["localhost:5000/x:1", {
      kind: "oci",
      reference: { registry: "localhost:5000", repository: "x", tag: "1" },
    }],
    ["oci:x/y", {
      kind: "oci",
      reference: { registry: "docker.io", repository: "x/y", tag: "latest" },
    }],
    ["disks.d/x.raw", { kind: "file", path: `${Deno.cwd()}/disks.d/x.raw` }], // it is here
    ["https://host/b.img", { kind: "url", url: new URL("https://host/b.img") }],
    ["HTTP://host/b.img", { kind: "url", url: new URL("http://host/b.img") }],
    ["https://host/a.img", { kind: "stored", name: "https://host/a.img" }],
    ["debian:13", { kind: "stored", name: "debian:13" }],
    ["sha256:0123", { kind: "stored", name: "sha256:0123" }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseReference(text, around), expected, text);
  }
});

Deno.test("parseReference() refuses what can mean nothing", () => {
  const cases: [string, RegExp][] = [
    ["", /empty/],
    ["ftp://host/x", /ftp:\/\/ is not supported/],
    ["oci://host/x", /oci:\/\/ is not supported/],
    ["http://", /not a valid URL/],
    ["file://host/x", /with a host/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseReference(text, around), { code: "usage", message }, text);
  }
  assert.throws(() => parseReference("~/x", { ...around, homeDirectory: undefined }), {
    code: "usage",
  });
});

Deno.test("publicUrl() shows neither user nor password", () => {
  assert.equal(publicUrl(new URL("https://me:secret@host/x?a=b#c")), "https://host/x?a=b");
  assert.equal(publicSource("http://me:secret@host/x"), "http://host/x");
  assert.equal(publicSource("/srv/me:secret@host/x"), "/srv/me:secret@host/x");
});

Deno.test("checkTag() takes names and refuses paths, digests and nonsense", () => {
  for (const name of ["debian", "debian:13", "my-disk_2.0+x", "A", "1", "feed"]) checkTag(name);
  for (
    const name of [
      "",
      "-x",
      ".x",
      "a/b",
      "a b",
      "ü",
      "x\n",
      "a".repeat(129),
      "sha256:ab",
      "0123456789ab",
      "f".repeat(64),
    ]
  ) {
    assert.throws(() => checkTag(name), { code: "usage" }, JSON.stringify(name));
  }
});
