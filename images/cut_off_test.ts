/** Disks that are stored as they are, and say themselves how long they were. */
import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { importImage } from "./import.ts";
import { listImages } from "./list.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { qemuImg, writeDisk } from "./testing/qemu_img.ts";
import { sh } from "./testing/sh.ts";

const MIB = 1024 * 1024;

/** Imports the whole file, and refuses the first so many bytes of it, packed or not. */
async function refusesCut(
  images: TestImages,
  name: string,
  cuts: readonly number[],
  message: RegExp,
): Promise<void> {
  const folder = images.path(".");
  for (const cut of cuts) {
    await sh(folder, `head -c ${cut} ${name} > cut && gzip -1 -c cut > cut.gz`);
    for (const file of ["cut", "cut.gz"]) {
      await assert.rejects(importImage(images.ctx, "x", images.path(file)), (error) => {
        assert.ok(error instanceof CocoonError, String(error));
        assert.match(error.message, message, `${file}: ${cut} bytes`);
        assert.match(error.hint ?? "", /Fetch it again/);
        return true;
      });
      assert.deepEqual([listImages(images.ctx), images.staged()], [[], []]);
    }
  }
  await importImage(images.ctx, "whole", images.path(name));
}

Deno.test("importImage() refuses a CD that is cut off", async () => {
  await using images = await testImages();
  writeDisk(images.path("content"), { bytes: MIB });
  await sh(images.path("."), "genisoimage -quiet -o cd.iso content");
  const { size } = await Deno.stat(images.path("cd.iso"));
  const cuts = [size - 2048, size / 2, 40_000];
  await refusesCut(images, "cd.iso", cuts, /cut off: the file system of the CD says .* bytes/);
});

Deno.test("importImage() refuses a disk with a GPT that is cut off", async () => {
  await using images = await testImages();
  writeDisk(images.path("disk"), { bytes: 8 * MIB });
  await sh(images.path("."), "printf 'label: gpt\\nstart=2048\\n' | sfdisk -q --wipe=never disk");
  const message = /cut off: its partition table \(GPT\) says that it has 8388608 bytes/;
  await refusesCut(images, "disk", [8 * MIB - 512, 4 * MIB, 40_000], message);
});

Deno.test("importImage() takes a disk with a GPT that was made longer, and one with a torn GPT", async () => {
  await using images = await testImages();
  const gpt = images.path("disk");
  writeDisk(gpt, { bytes: 8 * MIB });
  await sh(images.path("."), "printf 'label: gpt\\nstart=2048\\n' | sfdisk -q --wipe=never disk");
  await sh(images.path("."), "cp disk longer && truncate -s 12M longer");
  assert.equal(
    (await importImage(images.ctx, "x", images.path("longer"))).image.virtualBytes,
    12 * MIB,
  );
  // Its checksum is wrong: what it says of the length is worth nothing.
  await sh(images.path("."), "printf XXXXXXXX | dd of=disk bs=1 seek=568 conv=notrunc status=none");
  await Deno.truncate(gpt, 4 * MIB);
  await importImage(images.ctx, "y", gpt);
});

Deno.test("importImage() refuses a fixed VHD that has lost a part of its footer", async () => {
  await using images = await testImages();
  writeDisk(images.path("disk"), { bytes: 4 * MIB });
  const options = ["-O", "vpc", "-o", "subformat=fixed,force_size=on"];
  await qemuImg("convert", "-f", "raw", ...options, images.path("disk"), images.path("disk.vhd"));
  const cuts = [4 * MIB + 511, 4 * MIB + 8];
  await refusesCut(images, "disk.vhd", cuts, /it is a vhd image that is damaged or cut off/);
  // Some of the disk is missing, and the footer is there.
  await sh(images.path("."), "(head -c 1M disk.vhd; tail -c 512 disk.vhd) > torn");
  await assert.rejects(importImage(images.ctx, "x", images.path("torn")), { message: /cut off/ });
});
