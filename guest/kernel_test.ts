import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { identifyKernel, inspectKernel, type KernelInfo, requireKernel } from "./kernel.ts";

/** A head with numbers put into it, little-endian. */
function head(...fields: [at: number, bytes: 2 | 4, value: number][]): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [at, size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return bytes;
}

const MZ: [number, 2, number] = [0, 2, 0x5a4d];
const pe = (machine: number): [number, 2 | 4, number][] => [
  [0x3c, 4, 0x40],
  [0x40, 4, 0x4550],
  [0x44, 2, machine],
];

const ARM64 = head(MZ, [0x38, 4, 0x644d5241], ...pe(0xaa64));
const BZIMAGE = head(MZ, [0x1fe, 2, 0xaa55], [0x202, 4, 0x53726448], [0x38, 4, 0x818223cd]);
const ZBOOT = head(MZ, [4, 4, 0x676d697a], [0x38, 4, 0x818223cd], ...pe(0xaa64));

function uki(): Uint8Array {
  // Two sections behind an optional header of 240 bytes.
  const bytes = head(MZ, ...pe(0x8664), [0x46, 2, 2], [0x54, 2, 240]);
  const table = 0x40 + 24 + 240;
  bytes.set(new TextEncoder().encode(".osrel"), table);
  bytes.set(new TextEncoder().encode(".linux"), table + 40);
  return bytes;
}

Deno.test("identifyKernel() knows each kind by its header", () => {
  const cases: [Uint8Array, KernelInfo][] = [
    [ARM64, { format: "arm64-image", architecture: "aarch64" }],
    [BZIMAGE, { format: "x86-bzimage", architecture: "x86_64" }],
    [ZBOOT, { format: "efi-zboot", architecture: "aarch64" }],
    [uki(), { format: "uki", architecture: "x86_64" }],
    [head([0, 4, 0x464c457f], [0x12, 2, 62]), { format: "elf", architecture: "x86_64" }],
    [head([0, 4, 0x464c457f], [0x12, 2, 243]), { format: "elf" }],
    [Uint8Array.of(0x1f, 0x8b, 8), { format: "gzip" }],
    [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), { format: "zstd" }],
    [Uint8Array.of(0x02, 0x21, 0x4c, 0x18), { format: "lz4" }],
    [Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed), { format: "fit" }],
    [Uint8Array.of(0x27, 0x05, 0x19, 0x56), { format: "uimage" }],
    [head(MZ, ...pe(0x8664)), { format: "unknown" }],
    [new TextEncoder().encode("<!doctype html>"), { format: "unknown" }],
    [new Uint8Array(), { format: "unknown" }],
  ];
  for (const [bytes, expected] of cases) assert.deepEqual(identifyKernel(bytes), expected);
});

Deno.test("identifyKernel() never throws when the bytes are any", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
    identifyKernel(bytes);
    identifyKernel(Uint8Array.from([0x4d, 0x5a, ...bytes]));
  }));
  for (let length = 0; length < 600; length++) {
    identifyKernel(uki().subarray(0, length));
    identifyKernel(BZIMAGE.subarray(0, length));
  }
});

async function withFile(bytes: Uint8Array, body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "cocoon-kernel-" });
  try {
    await Deno.writeFile(path, bytes);
    await body(path);
  } finally {
    await Deno.remove(path);
  }
}

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("inspectKernel() looks into gzip when the file is longer than its head", async () => {
  const kernel = new Uint8Array(400_000);
  for (let at = 4096; at < kernel.length; at += 65_536) {
    crypto.getRandomValues(kernel.subarray(at, at + 65_536));
  }
  kernel.set(ARM64);
  await withFile(await gzip(kernel), async (path) => {
    assert((await Deno.stat(path)).size > 100_000);
    assert.deepEqual(await inspectKernel(path), { format: "gzip", architecture: "aarch64" });
  });
  await withFile(Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3), async (path) => {
    assert.deepEqual(await inspectKernel(path), { format: "gzip" });
  });
});

async function refusal(
  bytes: Uint8Array,
  architecture: "x86_64" | "aarch64",
): Promise<CocoonError> {
  let refused: unknown;
  await withFile(bytes, async (path) => {
    refused = await requireKernel(path, architecture).catch((error: unknown) => error);
  });
  assert(refused instanceof CocoonError, "accepted");
  return refused;
}

Deno.test("requireKernel() names both architectures when they differ", async () => {
  const error = await refusal(BZIMAGE, "aarch64");
  assert.equal(error.code, "usage");
  assert.match(error.message, /it is for x86_64, the machine is aarch64$/);
  assert.match((await refusal(await gzip(ARM64), "x86_64")).message, /it is for aarch64/);
});

Deno.test("requireKernel() says what the file is when it is no kernel to boot", async () => {
  assert.match((await refusal(uki(), "x86_64")).message, /unified kernel image/);
  assert.match((await refusal(Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed), "aarch64")).message, /U-Boot/);
  const html = await refusal(new TextEncoder().encode("<html>"), "x86_64");
  assert.match(html.message, /not a Linux kernel/);
});

Deno.test("requireKernel() accepts kernels of the machine's architecture", async () => {
  await withFile(BZIMAGE, async (path) => {
    assert.equal((await requireKernel(path, "x86_64")).format, "x86-bzimage");
  });
  await withFile(ZBOOT, async (path) => {
    assert.equal((await requireKernel(path, "aarch64")).format, "efi-zboot");
  });
});

Deno.test("inspectKernel() says so when there is no such file", async () => {
  await assert.rejects(
    inspectKernel("/nonexistent/vmlinuz"),
    (error) => error instanceof CocoonError && error.code === "not-found",
  );
});
