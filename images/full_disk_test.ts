import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { withSmallDisk } from "../tests/support/file_system.ts";
import { httpServer } from "../tests/support/http_server.ts";
import { explainFullDisk, freeBytes, FullDiskError, KEPT_FREE_BYTES } from "./disk/space.ts";
import { SparseFile } from "./disk/sparse_file.ts";
import { PartialDownload } from "./downloads/partial.ts";
import { runQemuImg } from "./formats/qemu_img.ts";
import { importImage } from "./import.ts";
import { listImages } from "./list.ts";
import { scanLayer } from "./oci/boot_files.ts";
import { containerDiskChunks } from "./oci/container_disk.ts";
import { makeErofs } from "./oci/erofs.ts";
import { layerArchive } from "./oci/layer_entries.ts";
import { fakeRegistry } from "./oci/testing/fake_registry.ts";
import { gzip, imageParts, tarOf } from "./oci/testing/parts.ts";
import { pullImage } from "./pull.ts";
import { testImages } from "./testing/context.ts";
import { pseudoRandom, qemuImg, writeDisk } from "./testing/qemu_img.ts";
import { sh } from "./testing/sh.ts";
import { UNPACKED_LIMITS } from "./unwrap/bounds.ts";
import { runInWorkers } from "./workers/pool.ts";

const MIB = 1024 * 1024;

Deno.test({
  name: "a full disk ends an import with an error that says so, and leaves room and nothing else",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withSmallDisk(KEPT_FREE_BYTES + 36 * MIB, async (folder) => {
      await using images = await testImages(folder);
      const { ctx } = images;
      const noise = pseudoRandom(60 * MIB, 1);
      noise[0] = 0;
      await Deno.writeFile(images.path("raw"), noise);
      writeDisk(images.path("dense"), { bytes: 200 * MIB });
      await Deno.writeFile(images.path("text"), new Uint8Array(40 * MIB).fill(7));
      const convert = ["convert", "-f", "raw", "-O", "qcow2"];
      await qemuImg(...convert, images.path("raw"), images.path("plain"));
      await qemuImg(...convert, "-c", images.path("text"), images.path("packed"));
      const vmdk = ["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"];
      await qemuImg(...vmdk, images.path("text"), images.path("packed.vmdk"));
      await sh(images.path("."), "gzip -1 -c raw > raw.gz");
      const plain = { body: await Deno.readFile(images.path("plain")) };
      await using server = httpServer({
        "/raw": { body: noise },
        "/unsized": { body: noise, contentLength: null },
        "/plain": plain,
      });
      await using registry = fakeRegistry();
      const mediaType = "application/vnd.cocoon.disk.v1.raw";
      const configType = "application/vnd.oci.empty.v1+json";
      await registry.add(
        "1",
        await imageParts({ layers: [{ bytes: noise, mediaType }], configType }),
      );
      let lowest = Infinity;
      const onProgress = () => {
        lowest = Math.min(lowest, freeBytes(folder));
      };
      const imports = (name: string) => importImage(ctx, "x", images.path(name), { onProgress });
      const pulls = (source: string) => pullImage(ctx, source, { onProgress });
      const cases: [string, () => Promise<unknown>][] = [
        ["raw file", () => imports("raw")],
        ["packed raw file", () => imports("raw.gz")],
        ["raw download", () => pulls(`${server.url}/raw`)],
        ["raw download of unknown length", () => pulls(`${server.url}/unsized`)],
        ["raw artifact", () => pulls(`${registry.host}/raw:1`)],
        ["qcow2 download", () => pulls(`${server.url}/plain`)],
        ["plain qcow2", () => imports("plain")],
        ["packed qcow2", () => imports("packed")],
        ["packed VMDK", () => imports("packed.vmdk")],
      ];
      for (const [what, body] of cases) {
        lowest = Infinity;
        await assert.rejects(body(), (error) => {
          assert.ok(error instanceof CocoonError, `${what}: ${error}`);
          assert.equal(error.code, "failed");
          assert.match(
            error.message,
            /no space left on the disk of .*64MiB for the machines/,
            what,
          );
          assert.match(error.hint ?? "", /cocoon gc/);
          return true;
        });
        // The records of the store and of the download take some.
        assert.ok(lowest > KEPT_FREE_BYTES - MIB, `${what}: only ${lowest} bytes were free`);
        assert.deepEqual([listImages(ctx), images.staged(), images.folders()], [[], [], []], what);
        const partial = PartialDownload.folders(ctx.home);
        // What was refused by its length may be taken up when there is room; what filled the disk
        // is gone.
        if (what !== "qcow2 download") assert.deepEqual(partial, [], what);
        for (const path of partial) await Deno.remove(path, { recursive: true });
      }
      // Mostly holes: it fits although its length does not.
      assert.equal((await importImage(ctx, "x", images.path("dense"))).outcome, "stored");
    });
  },
});

Deno.test({
  name: "a download for whose disk there is no room stays, and is not fetched again",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withSmallDisk(90 * MIB, async (folder) => {
      await using images = await testImages(folder);
      const { ctx } = images;
      const body = await gzip(new Uint8Array(100 * MIB).fill(7));
      await using server = httpServer({ "/d": { body, ranges: true, etag: '"one"' } });
      const pulled = () =>
        assert.rejects(pullImage(ctx, `${server.url}/d`), { message: /no space/ });
      await pulled();
      assert.deepEqual([images.staged(), listImages(ctx)], [[], []]);
      const before = server.requests.length;
      await pulled();
      const ranges = server.requests.slice(before).map(({ headers }) => headers.get("range"));
      assert.deepEqual(ranges, [`bytes=${body.length - 1}-${body.length - 1}`]);
    });
  },
});

Deno.test({
  name: "a disk that fills up during a conversion is recognised across the workers",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withSmallDisk(4 * MIB, async (folder) => {
      await using images = await testImages();
      const [raw, sourcePath] = [images.path("raw"), images.path("packed")];
      await Deno.writeFile(raw, new Uint8Array(40 * MIB).fill(7));
      await qemuImg("convert", "-f", "raw", "-O", "qcow2", "-c", raw, sourcePath);
      const targetPath = `${folder}/disk`;
      {
        using target = SparseFile.create(targetPath);
        target.truncate(40 * MIB);
      }
      // Without the look at the room there is, which convertQcow2() takes before.
      const converting = runInWorkers(
        {
          kind: "convert-qcow2",
          sourcePath,
          targetPath,
          packedBytes: 1,
          limit: UNPACKED_LIMITS.written,
        },
        40 * MIB,
        { cpus: 2 },
      );
      await assert.rejects(converting, { name: "WorkError", code: "ENOSPC" });
      const explained = explainFullDisk(await converting.catch((e) => e), folder);
      assert.ok(explained instanceof CocoonError);
      assert.match(explained.message, /^no space left on the disk of .* \(\S+ are free\)$/);
    });
  },
});

Deno.test({
  name: "a disk that fills up under qemu-img is no fault of the image",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withSmallDisk(4 * MIB, async (folder) => {
      await using images = await testImages();
      await Deno.writeFile(images.path("raw"), new Uint8Array(8 * MIB).fill(7));
      const qemuImg = { program: "qemu-img", signal: undefined };
      const args = ["convert", "-f", "raw", "-O", "raw", images.path("raw"), `${folder}/disk`];
      const full = await runQemuImg(qemuImg, args).catch((error) => error);
      assert.ok(explainFullDisk(full, folder) instanceof FullDiskError, String(full));
    });
  },
});

Deno.test({
  name: "what comes out of a container's layers leaves room on the disk",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withSmallDisk(4 * MIB, async (folder) => {
      const full = { code: "failed", message: /^no space left on the disk of .* are needed/ };
      const files = [
        { path: "disk/a.img", bytes: new Uint8Array(MIB) },
        { path: "boot/vmlinuz", bytes: new Uint8Array(MIB) },
      ];
      const path = `${folder}/layer`;
      await Deno.writeFile(path, await gzip(tarOf(files)));
      const digest = `sha256:${"1".repeat(64)}`;
      const descriptor = { mediaType: "", digest, size: 1, annotations: {} };
      await assert.rejects(Array.fromAsync(containerDiskChunks({ path, descriptor })), full);
      const targets = { kernel: `${folder}/kernel`, initrd: `${folder}/initrd` };
      await assert.rejects(scanLayer(path, targets), full);
      // Any program: there is nothing for it to read.
      const archive = layerArchive(path);
      await assert.rejects(
        makeErofs(Deno.execPath(), { archive, digest }, `${folder}/erofs`),
        full,
      );
      // Elsewhere there is room.
      await using images = await testImages();
      await Deno.copyFile(path, images.path("layer"));
      const elsewhere = { path: images.path("layer"), descriptor };
      const pieces = await Array.fromAsync(containerDiskChunks(elsewhere), (p) => p.length);
      assert.equal(pieces.reduce((sum, length) => sum + length, 0), MIB);
    });
  },
});
