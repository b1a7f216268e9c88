import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { SNIFF_BYTES } from "../limits.ts";
import { detectFormat, type SourceFormat } from "./detect.ts";

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function head(offset: number, magic: string | number[], bytes = SNIFF_BYTES): Uint8Array {
  const result = new Uint8Array(bytes);
  result.set(typeof magic === "string" ? [...magic].map((c) => c.charCodeAt(0)) : magic, offset);
  return result;
}

Deno.test("detectFormat() knows qcow2, and takes a disk for raw", () => {
  assert.equal(detectFormat(head(0, "QFI\xfb")), "qcow2");
  assert.equal(detectFormat(head(510, [0x55, 0xaa])), "raw");
  assert.equal(detectFormat(head(0, [0xeb, 0x63, 0x90])), "raw");
  assert.equal(detectFormat(new Uint8Array(512)), "raw"); // an empty disk
});

Deno.test("detectFormat() knows a CD, whatever stands in front of it for USB sticks", () => {
  const cd = head(32769, "CD001");
  assert.equal(detectFormat(cd), "iso");
  cd.set([0x45, 0x52, 0x08, 0x00], 0); // isohybrid's code
  cd.set([0x55, 0xaa], 510);
  cd.set([..."EFI PART"].map((c) => c.charCodeAt(0)), 512);
  assert.equal(detectFormat(cd), "iso");
  // A Mac's boot block, and the second descriptor's place.
  assert.equal(detectFormat(head(0, [0x45, 0x52])), "raw");
  assert.equal(detectFormat(head(34817, "CD001")), "raw");
});

Deno.test("detectFormat() knows what a disk image is packed into, and the formats of others", () => {
  const cases: [Uint8Array, SourceFormat][] = [
    [head(0, [0x1f, 0x8b, 8]), "gzip"],
    [head(0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), "xz"],
    [head(0, [0x28, 0xb5, 0x2f, 0xfd]), "zstd"],
    [head(0, [0x50, 0x2a, 0x4d, 0x18]), "zstd"],
    [head(0, "BZh9"), "bzip2"],
    [head(0, "KDMV"), "vmdk"],
    [head(0, "vhdxfile"), "vhdx"],
    [head(0, "conectix"), "vhd"],
    [head(64, [0x7f, 0x10, 0xda, 0xbe]), "vdi"],
  ];
  for (const [bytes, format] of cases) assert.equal(detectFormat(bytes), format);
  // The first bytes of gzip with another method than deflate, which nothing writes.
  assert.equal(detectFormat(head(0, [0x1f, 0x8b, 7])), "raw");
});

/** Bytes without control characters, half of them beyond ASCII. */
function packed(bytes: number): Uint8Array {
  return new Uint8Array(bytes).map((_, i) => 0x20 + (i * 37) % 0xe0);
}

Deno.test("detectFormat() takes what real disks begin with, whatever that is", () => {
  const starts: (string | number[])[] = [
    [0xfa, 0xb8, 0x00, 0x10], // GRUB, isohybrid
    [0xeb, 0x58, 0x90], // FAT
    [0x33, 0xc0, 0x8e, 0xd0], // Windows
    "MZ", // a kernel's EFI stub as a boot sector
    "LUKS\xba\xbe\0\x02",
    "XFSB",
    [0x3c, 0x00], // "<" in UTF-16, and then zeros
    [0xff, 0xfe],
    [0xff, 0xd8, 0xff], // a JPEG has a fourth byte
  ];
  for (const start of starts) assert.equal(detectFormat(head(0, start)), "raw", String(start));
});

Deno.test("detectFormat() says what it is instead, and what to do", () => {
  const cases: [Uint8Array, RegExp, RegExp][] = [
    [head(0, [0x04, 0x22, 0x4d, 0x18]), /lz4 data/, /lz4 -d/],
    [head(0, "PK\x03\x04"), /zip archive/, /unzip/],
    [head(0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), /7z archive/, /7z x/],
    [head(0, "# Disk DescriptorFile\n"), /VMDK.* other files/, /-f vmdk/],
    [head(0, "LZIP"), /lzip data/, /lzip -d/],
    [head(0, "WithoutFreeSpace"), /Parallels/, /-f parallels/],
    [head(0, "WithouFreSpacExt"), /Parallels/, /-f parallels/],
    [head(0, [0x3a, 0xff, 0x26, 0xed]), /Android/, /simg2img/],
    [head(0, "hsqs"), /squashfs/, /cloud image/],
    [head(0, "QED\0"), /QED/, /-f qed/],
    [head(0x202, "HdrS"), /Linux kernel/, /--kernel/],
    [head(0, "\x7fELF"), /ELF/, /cloud image/],
    [head(0, "!<arch>\ndebian-binary   1"), /a Debian package/, /cloud image/],
    [head(0, "!<arch>\nlib.o/"), /an ar archive/, /ar x/],
    [head(0, [0xed, 0xab, 0xee, 0xdb]), /an RPM package/, /cloud image/],
    [head(0, "070701"), /cpio archive/, /--initrd/],
    [head(0, "Rar!\x1a\x07\x01\0"), /RAR archive/, /unrar/],
    [head(0, "\x89PNG\r\n\x1a\n"), /a picture \(PNG\)/, /right address/],
    [head(0, [0xff, 0xd8, 0xff, 0xe0, 0, 16]), /a picture \(JPEG\)/, /right address/],
    [head(0, "%PDF-1.7\n"), /a PDF document/, /right address/],
    [head(0, "MSWIM\0\0\0"), /WIM/, /cloud image/],
    [packed(600), /packed data of no known format/, /Unpack it/],
    [packed(60), /only 60 bytes/, /cut off/],
    [new Uint8Array(511), /only 511 bytes/, /cut off/],
    [new Uint8Array(), /only 0 bytes/, /cut off/],
  ];
  for (const [bytes, message, hint] of cases) {
    assert.throws(() => detectFormat(bytes), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, "failed");
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
      return true;
    });
  }
});

Deno.test("detectFormat() recognises pages and texts that servers send instead", () => {
  const cases: [string, RegExp][] = [
    ["<!DOCTYPE html>\n<html><body>Log in", /web page/],
    ["\r\n\t <HTML lang=en>", /web page/],
    ["<html>" + "x".repeat(5000), /web page/],
    ['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /XML/],
    ['{"errors":[{"code":"DENIED"}]}', /JSON/],
    ["404 not found\n", /it is text/],
    ["Grüße aus Zürich\n".repeat(100), /it is text/],
  ];
  for (const [text, message] of cases) {
    const bytes = new TextEncoder().encode(text);
    assert.throws(() => detectFormat(bytes), { name: "CocoonError", message }, text);
  }
  const latin = new Uint8Array([...("Gr\xfc\xdfe aus Z\xfcrich\n".repeat(40))].map(codeOf));
  assert.throws(() => detectFormat(latin), { message: /it is text/ });
});

Deno.test("detectFormat() recognises pages in UTF-16", () => {
  const page = "<!DOCTYPE html>\r\n<html><body>Melden Sie sich an, Größe".padEnd(600, ".");
  for (const text of [`\ufeff${page}`, page]) {
    for (const littleEndian of [true, false]) {
      const view = new DataView(new ArrayBuffer(2 * text.length));
      [...text].forEach((c, i) => view.setUint16(2 * i, codeOf(c), littleEndian));
      const bytes = new Uint8Array(view.buffer);
      assert.throws(() => detectFormat(bytes), { message: /it is a web page/ });
    }
  }
});
