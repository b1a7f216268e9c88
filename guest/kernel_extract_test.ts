import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { realHost } from "../host/host.ts";
import { smallGuest } from "../tests/guests/cache.ts";
import { extractKernel, requireExtractable } from "./kernel_extract.ts";

const host = realHost();

/** A made-up arm64 Image: its magic number, and data that is not the same everywhere. */
function image(bytes = 200_000): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(bytes).map((_, i) => (i * i) % 251);
  new DataView(made.buffer).setUint32(0x38, 0x644d5241, true);
  return made;
}

/** An EFI zboot around a payload, as drivers/firmware/efi/libstub/zboot-header.S lays it out. */
function zboot(
  name: string,
  payload: Uint8Array,
  parts: { length?: number; machine?: number } = {},
) {
  const offset = 0x1000;
  const made = new Uint8Array(offset + payload.length + 4);
  const view = new DataView(made.buffer);
  made.set(new TextEncoder().encode("MZ\0\0zimg"));
  view.setUint32(0x08, offset, true);
  view.setUint32(0x0c, parts.length ?? payload.length, true);
  made.set(new TextEncoder().encode(name), 0x18);
  view.setUint32(0x38, 0x818223cd, true);
  view.setUint32(0x3c, 0x40, true);
  view.setUint32(0x40, 0x4550, true);
  view.setUint16(0x44, parts.machine ?? 0xaa64, true);
  made.set(payload, offset);
  return made;
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** Packs by a program of its own, as who builds kernels does. */
async function pack(program: string, args: string[], data: Uint8Array<ArrayBuffer>) {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const fed = writer.write(data).then(() => writer.close());
  const { success, stdout } = await child.output();
  await fed;
  assert.ok(success, program);
  return stdout;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Extracts from a file of these bytes; nothing but the result may be left. */
async function extracted(bytes: Uint8Array, options = {}): Promise<Uint8Array> {
  let result: Uint8Array | undefined;
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/vmlinuz`, bytes);
    const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    try {
      await extractKernel(host, `${folder}/vmlinuz`, `${folder}/kernel`, options);
      result = await Deno.readFile(`${folder}/kernel`);
      assert.deepEqual(names(), ["kernel", "vmlinuz"]);
    } catch (error) {
      assert.deepEqual(names(), ["vmlinuz"], "a failure leaves nothing");
      throw error;
    }
  });
  return result ?? assert.fail("no result");
}

async function assertExtracts(bytes: Uint8Array, expected: Uint8Array): Promise<void> {
  const found = await extracted(bytes);
  assert.equal(found.length, expected.length);
  assert.ok(found.every((byte, i) => byte === expected[i]), "other bytes");
}

Deno.test("extractKernel() copies an uncompressed kernel as it is, with its signature", async () => {
  await assertExtracts(image(), image());
});

Deno.test("extractKernel() unpacks gzip and zstd", async () => {
  const kernel = image();
  await assertExtracts(gzipSync(kernel), kernel);
  const zstd = zstdCompressSync(kernel);
  await assertExtracts(zstd, kernel);
  const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);
  const halves = [kernel.subarray(0, 99_999), kernel.subarray(99_999)].map((h) =>
    zstdCompressSync(h)
  );
  await assertExtracts(concat(...halves, skippable), kernel);
  await assertExtracts(concat(zstd, new Uint8Array(99).fill(65)), kernel);
});

Deno.test("extractKernel() passes over a signature behind the gzip stream", async () => {
  const kernel = image();
  await assertExtracts(concat(gzipSync(kernel), new Uint8Array(1472).fill(65)), kernel);
});

Deno.test("extractKernel() reads a gzip header with a name, a comment and a checksum", async () => {
  const kernel = image();
  const packed = gzipSync(kernel);
  const head = Uint8Array.from(packed.subarray(0, 10));
  head[3] = 0x02 | 0x04 | 0x08 | 0x10;
  const extra = Uint8Array.of(3, 0, 1, 2, 3);
  const texts = new TextEncoder().encode("Image\0a comment\0");
  const checksum = new Uint8Array(2);
  await assertExtracts(concat(head, extra, texts, checksum, packed.subarray(10)), kernel);
});

for (
  const [format, names, program, args] of [
    ["xz", ["xzkern", "xz"], "xz", ["--check=crc32", "-c"]],
    ["lzma", ["lzma"], "xz", ["--format=lzma", "-c"]],
    ["lz4", ["lz4"], "lz4", ["-l", "-c"]],
    ["lz4 frame", [], "lz4", ["-c"]],
    ["bzip2", [], "bzip2", ["-c"]],
  ] satisfies [string, string[], string, string[]][]
) {
  Deno.test(`extractKernel() unpacks ${format} by its program, bare and in an EFI zboot`, async () => {
    const kernel = image();
    const packed = await pack(program, args, kernel);
    await assertExtracts(packed, kernel);
    for (const name of names) await assertExtracts(zboot(name, packed), kernel);
  });
}

Deno.test("extractKernel() unpacks an EFI zboot of gzip and of zstd, even inside gzip", async () => {
  const kernel = image();
  await assertExtracts(zboot("gzip", gzipSync(kernel)), kernel);
  await assertExtracts(zboot("zstd22", zstdCompressSync(kernel)), kernel);
  await assertExtracts(gzipSync(zboot("zstd", zstdCompressSync(kernel))), kernel);
});

Deno.test("extractKernel() gets Debian's real kernel out of every packing", async () => {
  const { kernelPath } = await smallGuest("aarch64");
  const kernel = await Deno.readFile(kernelPath);
  await assertExtracts(kernel, kernel);
  await assertExtracts(gzipSync(kernel, { level: 1 }), kernel);
  await assertExtracts(zboot("zstd22", zstdCompressSync(kernel)), kernel);
});

Deno.test("extractKernel() refuses packed data that ends too early or is damaged", async () => {
  const kernel = image();
  const refused = { code: "usage", message: /vmlinuz: damaged (gzip|zstd|xz) data/ };
  const packed = [gzipSync(kernel), zstdCompressSync(kernel), await pack("xz", ["-c"], kernel)];
  for (const whole of packed) {
    for (const cut of [30, Math.floor(whole.length / 2), whole.length - 4]) {
      await assert.rejects(extracted(whole.subarray(0, cut)), refused, `cut to ${cut}`);
    }
  }
  const flipped = Uint8Array.from(gzipSync(kernel));
  flipped.fill(0, -8, -4); // the checksum
  await assert.rejects(extracted(flipped), /its checksum is another/);
});

Deno.test("extractKernel() refuses an EFI zboot whose payload lies outside the file", async () => {
  const payload = gzipSync(image());
  for (const length of [payload.length + 5, 0xffffffff, 0]) {
    await assert.rejects(extracted(zboot("gzip", payload, { length })), {
      code: "usage",
      message: /an EFI kernel that was cut off$/,
    });
  }
  await assert.rejects(extracted(zboot("gzip", payload).subarray(0, 0x3c)), { code: "usage" });
});

Deno.test("extractKernel() refuses an EFI zboot packed in a way that it does not know", async () => {
  for (const name of ["brotli", "", "constructor"]) {
    await assert.rejects(extracted(zboot(name, gzipSync(image()))), {
      code: "usage",
      message: new RegExp(`packed in an unknown way: "${name}"$`),
    });
  }
});

Deno.test("extractKernel() stops at its limit, whatever the packing", async () => {
  const limitBytes = 1 << 20;
  const kernel = image(limitBytes + 1);
  const bombs = [gzipSync(kernel), zstdCompressSync(kernel), await pack("xz", ["-c"], kernel)];
  for (const bomb of bombs) {
    await assert.rejects(extracted(bomb, { limitBytes }), {
      code: "usage",
      message: /more than 1 MiB unpacked$/,
    });
  }
  assert.equal((await extracted(gzipSync(image(limitBytes)), { limitBytes })).length, limitBytes);
});

Deno.test("extractKernel() does not unpack for ever", async () => {
  let packed: Uint8Array = image(1000);
  for (let layer = 0; layer < 5; layer++) packed = gzipSync(packed);
  await assert.rejects(extracted(packed), { code: "usage", message: /packed more than 3 times$/ });
});

Deno.test("extractKernel() names a wrong architecture, outside and inside a packing", async () => {
  const bzImage = new Uint8Array(4096);
  const view = new DataView(bzImage.buffer);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint32(0x202, 0x53726448, true);
  const wrong = { code: "usage", message: /it is for x86_64, the machine is aarch64$/ };
  await assert.rejects(extracted(bzImage), wrong);
  await assert.rejects(extracted(gzipSync(bzImage)), wrong);
  await assert.rejects(extracted(zboot("gzip", gzipSync(image()), { machine: 0x8664 })), wrong);
});

Deno.test("extractKernel() refuses what holds no kernel, and says what it is", async () => {
  const elf = new Uint8Array(4096);
  elf.set([0x7f, 0x45, 0x4c, 0x46]);
  elf[0x12] = 183;
  const cases: [Uint8Array, RegExp][] = [
    [elf, /an ELF file/],
    [Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed), /U-Boot/],
    [Uint8Array.of(0x27, 0x05, 0x19, 0x56), /U-Boot/],
    [gzipSync(new TextEncoder().encode("no kernel")), /no Linux kernel inside/],
    [new Uint8Array(), /no Linux kernel inside/],
  ];
  for (const [bytes, message] of cases) {
    await assert.rejects(extracted(bytes), { code: "usage", message });
  }
});

Deno.test("requireExtractable() says which program is missing, with the line that installs it", async () => {
  const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);
  await withFolder(async (folder) => {
    const path = `${folder}/vmlinuz.xz`;
    await Deno.writeFile(path, xz);
    await requireExtractable({ os: "linux", which: (program) => program }, path);
    for (const [os, hint] of [["darwin", "brew install xz"], ["linux", "sudo apt install xz"]]) {
      // The two that there are.
      const bare = { os: os as "darwin" | "linux", which: () => undefined };
      await assert.rejects(requireExtractable(bare, path), { code: "host-lacks", hint });
      await assert.rejects(extractKernel(bare, path, `${folder}/kernel`), { code: "host-lacks" });
    }
    await Deno.writeFile(path, zboot("lzo", image()));
    await assert.rejects(
      requireExtractable({ os: "linux", which: () => undefined }, path),
      { code: "host-lacks", hint: "sudo apt install lzop" },
    );
    await Deno.writeFile(path, zboot("gzip", gzipSync(image())));
    await requireExtractable({ os: "darwin", which: () => undefined }, path);
  });
});
