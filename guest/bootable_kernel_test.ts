import assert from "node:assert/strict";
import type { Architecture, KernelFormat } from "../plugins/contract.ts";
import { realHost } from "../host/host.ts";
import { requireBootable } from "./bootable_kernel.ts";

/** Bytes at places of a file. */
function file(length: number, ...parts: [at: number, bytes: number[] | string][]): Uint8Array {
  const made = new Uint8Array(length);
  for (const [at, bytes] of parts) {
    made.set(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, at);
  }
  return made;
}

const BZIMAGE = file(1024, [0x1fe, [0x55, 0xaa]], [0x202, "HdrS"]);
const ARM64 = file(4096, [0x38, "ARMd"]);
const LZ4 = file(64, [0, [0x02, 0x21, 0x4c, 0x18]]);
const GZIP = file(64, [0, [0x1f, 0x8b, 8]]);
const FAKE = file(12, [0, "MZ"], [4, "zimg"]);

/** An ELF file for x86_64 with one note, behind the part that is read as a file's head. */
function elf(noteType: number): Uint8Array {
  const note = 100_000;
  return file(
    note + 20,
    [0, [0x7f, ...new TextEncoder().encode("ELF"), 2, 1]],
    [0x12, [62]],
    [0x20, [0x40]],
    [0x36, [56]],
    [0x38, [2]],
    [0x40 + 56, [4]],
    [0x40 + 56 + 8, [0xa0, 0x86, 0x01]],
    [0x40 + 56 + 32, [20]],
    [note, [4, 0, 0, 0, 4, 0, 0, 0, noteType]],
    [note + 12, "Xen"],
  );
}

/** What becomes of a file: `as it is`, `unpacked`, or the refusal. */
async function fate(
  bytes: Uint8Array,
  architecture: Architecture,
  kernels?: { [A in Architecture]?: KernelFormat[] },
): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    const target = { architecture, kernels, backend: "toy" };
    const { unpack } = await requireBootable(realHost(), path, target);
    return unpack ? "unpacked" : "as it is";
  } catch (error) {
    return String(error).replace(path, "PATH");
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("requireBootable() takes what the backend boots, and says what else a file is", async () => {
  const kernels = { x86_64: ["x86-bzimage", "pvh-elf"] as KernelFormat[] };
  const x86 = (bytes: Uint8Array) => fate(bytes, "x86_64", kernels);
  assert.equal(await x86(BZIMAGE), "as it is");
  assert.equal(await x86(elf(18)), "as it is");
  assert.match(
    await x86(elf(17)),
    /kernel PATH: an ELF file without .* backend "toy" does not boot/,
  );
  assert.match(await x86(LZ4), /packed by lz4, which backend "toy" does not boot on x86_64/);
  assert.match(await x86(GZIP), /packed by gzip, which backend "toy" does not boot on x86_64/);
  assert.match(await x86(FAKE), /\(zboot\), which backend "toy" does not boot on x86_64/);
  assert.match(await x86(ARM64), /it is for aarch64, the machine is x86_64/);
});

Deno.test("requireBootable() has packed arm64 kernels unpacked", async () => {
  const kernels = { aarch64: ["arm64-image"] as KernelFormat[] };
  const arm = (bytes: Uint8Array) => fate(bytes, "aarch64", kernels);
  assert.equal(await arm(ARM64), "as it is");
  assert.equal(await arm(GZIP), "unpacked");
  assert.match(await arm(FAKE), /an EFI kernel that was cut off/);
});

Deno.test("requireBootable() takes any kernel for a backend that names none", async () => {
  assert.equal(await fate(GZIP, "x86_64"), "as it is");
  assert.match(await fate(GZIP, "x86_64", {}), /does not boot on x86_64/);
});
