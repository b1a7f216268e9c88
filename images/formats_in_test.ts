import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { diskPath } from "./context.ts";
import { importImage } from "./import.ts";
import { inspectImage, listImages } from "./list.ts";
import { type TestImages, testImages } from "./testing/context.ts";
import { qemuImg, sameContent, writeDisk } from "./testing/qemu_img.ts";
import { sh } from "./testing/sh.ts";

const MIB = 1024 * 1024;

/** A disk, and the same as qcow2, in a folder of its own. */
async function makeDisk(images: TestImages): Promise<void> {
  writeDisk(images.path("disk.raw"), { bytes: 6 * MIB });
  await qemuImg("convert", "-O", "qcow2", images.path("disk.raw"), images.path("disk.qcow2"));
}

/** Imports a file that must be the disk. */
async function imports(
  images: TestImages,
  name: string,
  expected: { format?: string; wrappers?: string[] | undefined },
): Promise<void> {
  const { image } = await importImage(images.ctx, "x", images.path(name));
  assert.equal(image.sourceFormat, expected.format ?? "raw", name);
  assert.deepEqual(image.wrappers, expected.wrappers, name);
  assert.ok(sameContent(diskPath(images.ctx.home, image.digest), images.path("disk.raw")), name);
  assert.deepEqual(images.staged(), []);
}

/** Imports a file that must be refused, with nothing stored. */
async function refuses(
  images: TestImages,
  name: string,
  expected: { code?: string; message: RegExp; hint?: RegExp },
): Promise<void> {
  await assert.rejects(importImage(images.ctx, "x", images.path(name)), (error) => {
    assert.ok(error instanceof CocoonError, `${name}: ${error instanceof Error && error.stack}`);
    assert.equal(error.code, expected.code ?? "failed", name);
    assert.match(error.message, expected.message, name);
    assert.match(error.hint ?? "", expected.hint ?? /./, name);
    return true;
  });
  assert.deepEqual(listImages(images.ctx), [], name);
  assert.deepEqual([images.staged(), images.folders()], [[], []], name);
}

Deno.test("importImage() takes a disk out of what the real programs pack it into", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const run = (line: string) => sh(images.path("."), line);
  const cases: [line: string, wrappers: string[], format?: string][] = [
    ["gzip -c disk.raw > packed", ["gzip"]],
    ["xz -1 -c disk.raw > packed", ["xz"]],
    ["xz -1 -c -T2 --block-size=1MiB disk.raw > packed", ["xz"]],
    ["zstd -q -c disk.raw > packed", ["zstd"]],
    ["zstd -q --long=27 --no-check -c disk.raw > packed", ["zstd"]],
    ["bzip2 -c disk.raw > packed", ["bzip2"]],
    ["gzip -c disk.qcow2 > packed", ["gzip"], "qcow2"],
    ["tar -cf packed disk.qcow2", ["tar"], "qcow2"],
    ["tar -cf packed --format=v7 disk.raw", ["tar"]],
    ["tar -cf packed --format=ustar disk.raw", ["tar"]],
    ["tar -cf packed --format=posix disk.raw", ["tar"]],
    ["tar -czf packed disk.raw", ["gzip", "tar"]],
    ["tar -cJf packed disk.raw", ["xz", "tar"]],
    ["tar -cf packed --zstd disk.qcow2", ["zstd", "tar"], "qcow2"],
    ["gzip -c disk.raw > inner.gz && tar -cf - inner.gz | xz -1 > packed", ["xz", "tar", "gzip"]],
    // Several members, several frames, and a frame to be skipped in front.
    ["(head -c 2M disk.raw | gzip; tail -c +2097153 disk.raw | gzip) > packed", ["gzip"]],
    ["(head -c 2M disk.raw | zstd -q; tail -c +2097153 disk.raw | zstd -q) > packed", ["zstd"]],
    [`(printf 'P*M\\030\\004\\0\\0\\0abcd'; zstd -q -c disk.raw) > packed`, ["zstd"]],
    ["(head -c 2M disk.raw | bzip2; tail -c +2097153 disk.raw | bzip2) > packed", ["bzip2"]],
  ];
  for (const [line, wrappers, format] of cases) {
    await run(line);
    await imports(images, "packed", { wrappers, ...(format === undefined ? {} : { format }) });
  }
});

Deno.test("importImage() takes sparse files out of tar archives as they were", async () => {
  await using images = await testImages();
  await makeDisk(images);
  // More stretches of data than fit into one header, and into one block of a map.
  const many = await Deno.open(images.path("many.raw"), { write: true, createNew: true });
  await many.truncate(40 * MIB + 300);
  for (let i = 0; i < 60; i++) {
    await many.seek(i * 655_360 + 512 * i, Deno.SeekMode.Start);
    await many.write(new Uint8Array(1000).fill(i + 1));
  }
  many.close();
  await Deno.rename(images.path("many.raw"), images.path("disk.raw"));
  for (
    const options of [
      "--format=gnu",
      "--format=oldgnu",
      "--format=posix --sparse-version=0.0",
      "--format=posix --sparse-version=0.1",
      "--format=posix --sparse-version=1.0",
    ]
  ) {
    await sh(images.path("."), `tar -S ${options} -cf packed disk.raw`);
    assert.ok((await Deno.stat(images.path("packed"))).size < 4 * MIB, `${options} is sparse`);
    const { image } = await importImage(images.ctx, "x", images.path("packed"));
    const stored = diskPath(images.ctx.home, image.digest);
    await Deno.truncate(images.path("disk.raw"), 40 * MIB + 512); // whole sectors
    assert.ok(sameContent(stored, images.path("disk.raw")), options);
    await Deno.truncate(images.path("disk.raw"), 40 * MIB + 300);
  }
});

Deno.test("importImage() finds the one disk among the files of an archive", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const long = `${"d/".repeat(70)}${"n".repeat(120)}.raw`;
  await sh(images.path("."), `mkdir -p "$(dirname ${long})" && ln disk.raw ${long}`);
  await sh(images.path("."), "echo text > README && ln -s /etc/passwd link && mkfifo pipe");
  await sh(images.path("."), `printf '\\177ELF' > vmlinuz && head -c 2M /dev/zero >> vmlinuz`);
  for (const format of ["gnu", "posix"]) {
    const files = `README link pipe vmlinuz d ${long}`;
    await sh(images.path("."), `tar --no-recursion --format=${format} -cf packed ${files}`);
    await imports(images, "packed", { wrappers: ["tar"] });
  }
});

Deno.test("importImage() takes names in an archive for names, never for paths", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const victim = images.path("victim");
  await Deno.writeTextFile(victim, "untouched");
  for (const name of ["../victim", victim, "..", "/dev/null", "a/../../victim"]) {
    await sh(
      images.path("."),
      `tar -P --transform='s,.*,${name},' -cf packed disk.raw`,
    );
    await imports(images, "packed", { wrappers: ["tar"] });
  }
  assert.equal(await Deno.readTextFile(victim), "untouched");
});

Deno.test("importImage() converts the images of other programs", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const cases: [options: string[], format: string][] = [
    [["-O", "vmdk"], "vmdk"],
    [["-O", "vmdk", "-o", "subformat=streamOptimized"], "vmdk"],
    [["-O", "vpc", "-o", "force_size=on"], "vhd"],
    [["-O", "vpc", "-o", "subformat=fixed,force_size=on"], "vhd"],
    [["-O", "vhdx"], "vhdx"],
    [["-O", "vdi"], "vdi"],
    [["-O", "vdi", "-o", "static=on"], "vdi"],
  ];
  for (const [options, format] of cases) {
    await qemuImg("convert", ...options, images.path("disk.raw"), images.path("foreign"));
    await imports(images, "foreign", { format });
  }
  await sh(images.path("."), "gzip -c foreign > foreign.gz");
  await imports(images, "foreign.gz", { format: "vdi", wrappers: ["gzip"] });
});

Deno.test("importImage() says which program it lacks, and how to get it", async () => {
  await using images = await testImages();
  await makeDisk(images);
  await sh(images.path("."), "xz -1 -c disk.raw > d.xz; bzip2 -c disk.raw > d.bz2");
  await qemuImg("convert", "-O", "vhdx", images.path("disk.raw"), images.path("d.vhdx"));
  const { which } = images.ctx.host;
  images.ctx.host.which = (program) =>
    /^(xz|bzip2|qemu-img)$/.test(program) ? undefined : which(program);
  const lacks = { code: "host-lacks" };
  await refuses(images, "d.xz", { ...lacks, message: /packed with xz/, hint: /install .*xz/ });
  await refuses(images, "d.bz2", { ...lacks, message: /packed with bzip2/, hint: /bzip2/ });
  await refuses(images, "d.vhdx", { ...lacks, message: /vhdx image, and qemu-img/, hint: /qemu/ });
});

Deno.test("importImage() refuses what is cut off or damaged, wherever that is", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const run = (line: string) => sh(images.path("."), line);
  const packers: [string, string][] = [
    ["gzip", "gzip -c disk.raw"],
    ["xz", "xz -1 -c disk.raw"],
    ["zstd", "zstd -q -c disk.raw"],
    ["bzip2", "bzip2 -c disk.raw"],
    ["tar", "tar -cf - disk.raw"],
  ];
  for (const [name, pack] of packers) {
    await run(`${pack} > whole`);
    const { size } = await Deno.stat(images.path("whole"));
    const cuts = [size - 1, Math.floor(size / 2), 40];
    // The archive's end mark is two blocks, and padding to ten kilobytes behind them.
    if (name === "tar") cuts[0] = 6 * MIB + 512;
    for (const cut of cuts) {
      await run(`head -c ${cut} whole > packed`);
      const message = /damaged or cut off|only \d+ bytes|it is text|too few/;
      await refuses(images, "packed", { message });
    }
    if (name === "tar") continue; // has no checksum of its data
    await run("cp whole packed");
    using file = await Deno.open(images.path("packed"), { write: true });
    await file.seek(Math.floor(size / 3), Deno.SeekMode.Start);
    await file.write(new Uint8Array(64).fill(0xa5));
    await refuses(images, "packed", { message: /damaged or cut off/ });
  }
  for (const format of ["vmdk", "vpc", "vhdx", "vdi", "vmdk -o subformat=streamOptimized"]) {
    await run(`qemu-img convert -O ${format} disk.raw foreign`);
    const { size } = await Deno.stat(images.path("foreign"));
    // The only block of the VHDX image is longer than the disk, and begins at 8 MiB.
    const last = format === "vhdx" ? 13 * MIB : size - 70_000;
    for (const cut of [600, 3000, 70_000, 200_000, Math.floor(size / 2), last]) {
      await run(`head -c ${cut} foreign > packed`);
      await refuses(images, "packed", { message: /qemu-img cannot convert it|cut off/ });
    }
  }
});

Deno.test("importImage() refuses archives without a disk, with two, and what is no archive", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const run = (line: string) => sh(images.path("."), line);
  await run("echo text > README && tar -cf none README && tar -cf two disk.raw disk.qcow2");
  await refuses(images, "none", { message: /no file in its tar archive is a disk/ });
  await refuses(images, "two", {
    message: /more than one disk image: "disk.raw" and "disk.qcow2"/,
    hint: /tar -xf/,
  });
  await run("gzip -c README > text.gz; : | gzip -c > empty.gz");
  await refuses(images, "text.gz", { message: /it is text, no disk image/ });
  await refuses(images, "empty.gz", { message: /only 0 bytes/ });
  await run("gzip -c disk.raw | gzip | gzip | gzip > deep.gz");
  await refuses(images, "deep.gz", { message: /packed more than 3 times/ });
  await run("gzip -c disk.raw > trailing.gz; echo more >> trailing.gz");
  await refuses(images, "trailing.gz", { message: /gzip data is damaged/ });
  await run("zstd -q -c disk.raw > trailing.zst; echo more >> trailing.zst");
  await refuses(images, "trailing.zst", { message: /something else follows it/ });
});

Deno.test("importImage() stores a CD as it is, also one for USB sticks and one that is packed", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const run = (line: string) => sh(images.path("."), line);
  await run("echo text > README && genisoimage -quiet -J -o cd.iso README && gzip -k cd.iso");
  // What isohybrid adds: a partition table in the sectors that the file system leaves free.
  await run(
    `cp cd.iso stick.iso && echo 'start=64,size=99,type=17,bootable' | sfdisk -q stick.iso`,
  );
  await run(`test "$(cmp -l cd.iso stick.iso | wc -l)" -gt 0`);
  for (const [name, content] of [["cd", "cd"], ["stick", "stick"], ["cd.iso.gz", "cd"]] as const) {
    const file = name.endsWith(".gz") ? name : `${name}.iso`;
    const { image } = await importImage(images.ctx, name, images.path(file));
    assert.deepEqual([image.kind, image.sourceFormat], ["iso", "iso"], file);
    assert.equal(image.virtualBytes, (await Deno.stat(images.path(`${content}.iso`))).size, file);
    const path = diskPath(images.ctx.home, image.digest);
    assert.ok(sameContent(path, images.path(`${content}.iso`)), file);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o444);
    assert.equal((await inspectImage(images.ctx, name, { check: true })).intact, true, file);
  }
  assert.deepEqual(images.staged(), []);
  // Beside a disk, a CD is its configuration: the disk is meant.
  await run("tar -cf packed cd.iso disk.raw");
  await imports(images, "packed", { wrappers: ["tar"] });
});

Deno.test("importImage() refuses images that would open other files of this computer", async () => {
  await using images = await testImages();
  await makeDisk(images);
  const run = (line: string) => sh(images.path("."), line);
  await Deno.writeTextFile(images.path("secret"), "s".repeat(MIB));
  await Deno.writeTextFile(
    images.path("descriptor.vmdk"),
    `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n` +
      `createType="monolithicFlat"\nRW 2048 FLAT "${images.path("secret")}" 0\n`,
  );
  await refuses(images, "descriptor.vmdk", { message: /data is in other files/ });
  // The same inside of a sparse image that says that it has no sectors of its own.
  const bytes = new Uint8Array(64 * 1024);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("KDMV"));
  view.setUint32(4, 1, true);
  view.setBigUint64(28, 1n, true);
  view.setBigUint64(36, 20n, true);
  bytes.set(await Deno.readFile(images.path("descriptor.vmdk")), 512);
  await Deno.writeFile(images.path("hidden.vmdk"), bytes);
  await refuses(images, "hidden.vmdk", { message: /needs other files/ });
  await run("qemu-img convert -O vmdk disk.raw base.vmdk");
  await run("qemu-img create -q -f vmdk -b base.vmdk -F vmdk child.vmdk");
  await refuses(images, "child.vmdk", { message: /needs other files/ });
});

Deno.test("importImage() ends with what unpacks to more than a disk does", async () => {
  await using images = await testImages();
  const run = (line: string) => sh(images.path("."), line);
  // More than 1 GiB that are not zero out of 100 KiB.
  await run("yes bomb | head -c 1200M | zstd -q -T2 > bomb.zst");
  await refuses(images, "bomb.zst", { message: /it is text|unpacks to more than/ });
  await run("(head -c 4096 /dev/zero; yes bomb | head -c 1200M) | zstd -q -T2 > bomb.zst");
  const { size } = await Deno.stat(images.path("bomb.zst"));
  assert.ok(size < MIB, String(size));
  await refuses(images, "bomb.zst", {
    message: /unpacks to more than 1GiB that are not zeros out of/,
  });
});
