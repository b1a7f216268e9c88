import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { qcow2Bomb } from "../testing/qcow2_bomb.ts";
import { qemuImg, sameContent, writeDisk } from "../testing/qemu_img.ts";
import { convertQcow2 } from "./convert.ts";

const MIB = 1024 * 1024;

/** Every kind of image that qemu-img 7 can write without another file. */
const KINDS: Record<string, string[]> = {
  "version 2": ["-o", "compat=0.10"],
  "version 3": [],
  "zlib": ["-c"],
  "version 2, zlib": ["-c", "-o", "compat=0.10"],
  "zstd": ["-c", "-o", "compression_type=zstd"],
  "clusters of 512 bytes": ["-o", "cluster_size=512"],
  "clusters of 512 bytes, zlib": ["-c", "-o", "cluster_size=512"],
  "clusters of 4 KiB, zstd": ["-c", "-o", "cluster_size=4k,compression_type=zstd"],
  "clusters of 2 MiB": ["-o", "cluster_size=2M"],
  "clusters of 2 MiB, zlib": ["-c", "-o", "cluster_size=2M"],
  "clusters of 2 MiB, zstd": ["-c", "-o", "cluster_size=2M,compression_type=zstd"],
  "extended L2": ["-o", "extended_l2=on"],
  "extended L2, clusters of 16 KiB": ["-o", "extended_l2=on,cluster_size=16k"],
  "extended L2, zlib": ["-c", "-o", "extended_l2=on"],
  "extended L2, zstd": ["-c", "-o", "extended_l2=on,compression_type=zstd"],
  "zeros as data": ["-S", "0"],
  "preallocation=metadata": ["-o", "preallocation=metadata"],
  "preallocation=full": ["-o", "preallocation=full"],
  "lazy refcounts": ["-o", "lazy_refcounts=on"],
};

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("convertQcow2() gives the disk byte for byte for every kind of image", async () => {
  await withFolder(async (folder) => {
    // No multiple of any cluster, and more than one chunk for each of two workers.
    const bytes = 33 * MIB + 7 * 512;
    writeDisk(`${folder}/disk`, { bytes });
    for (const [kind, options] of Object.entries(KINDS)) {
      await qemuImg("convert", "-O", "qcow2", ...options, `${folder}/disk`, `${folder}/image`);
      const length = await convertQcow2(`${folder}/image`, `${folder}/raw`, { cpus: 2 });
      assert.equal(length, bytes, kind);
      assert.ok(sameContent(`${folder}/disk`, `${folder}/raw`), kind);
      await Deno.remove(`${folder}/raw`);
    }
  });
});

Deno.test({
  name: "convertQcow2() writes to another file system, where no range can be copied",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withFolder(async (folder) => {
      const elsewhere = await Deno.makeTempDir({ dir: "/dev/shm" });
      try {
        writeDisk(`${folder}/disk`, { bytes: 10 * MIB });
        for (const layout of ["extended_l2=off", "extended_l2=on"]) {
          await qemuImg(
            "convert",
            "-O",
            "qcow2",
            "-o",
            layout,
            `${folder}/disk`,
            `${folder}/image`,
          );
          await convertQcow2(`${folder}/image`, `${elsewhere}/raw`);
          assert.ok(sameContent(`${folder}/disk`, `${elsewhere}/raw`), layout);
          await Deno.remove(`${elsewhere}/raw`);
        }
      } finally {
        await Deno.remove(elsewhere, { recursive: true });
      }
    });
  },
});

Deno.test("convertQcow2() reads zero clusters, discarded parts and ignores snapshots", async () => {
  await withFolder(async (folder) => {
    const image = `${folder}/image`;
    writeDisk(`${folder}/disk`, { bytes: 8 * MIB });
    for (const layout of ["extended_l2=off", "extended_l2=on"]) {
      await qemuImg("convert", "-O", "qcow2", "-o", layout, `${folder}/disk`, image);
      await qemuImg("snapshot", "-c", "before", image);
      await qemuIo(image, "write -z 256k 128k", "write -P 7 1M 70k", "discard 2M 64k");
      await qemuIo(image, "write -z -u 3M 1M", "write -P 9 5242880 512", "write -z 5M 4k");
      await qemuImg("convert", "-O", "raw", image, `${folder}/expected`);
      await convertQcow2(image, `${folder}/raw`, { cpus: 1 });
      assert.ok(sameContent(`${folder}/expected`, `${folder}/raw`), layout);
      await Deno.remove(`${folder}/raw`);
    }
  });
});

Deno.test("convertQcow2() keeps zeros as holes", async () => {
  await withFolder(async (folder) => {
    writeDisk(`${folder}/disk`, { bytes: 64 * MIB });
    for (const options of [["-c"], ["-c", "-S", "0"], ["-o", "compression_type=zstd", "-c"]]) {
      await qemuImg("convert", "-O", "qcow2", ...options, `${folder}/disk`, `${folder}/image`);
      await convertQcow2(`${folder}/image`, `${folder}/raw`);
      const { size, blocks } = await Deno.stat(`${folder}/raw`);
      assert.equal(size, 64 * MIB);
      // 24 places with at most 100 KiB each.
      assert.ok((blocks ?? Infinity) * 512 < 3 * MIB, `${options}: ${blocks} blocks`);
      await Deno.remove(`${folder}/raw`);
    }
  });
});

Deno.test("convertQcow2() makes whole sectors of a disk that has none", async () => {
  await withFolder(async (folder) => {
    // qemu-img rounds a size up, so the header is written by hand: offset 24, 8 bytes.
    await qemuImg("create", "-f", "qcow2", `${folder}/image`, "1M");
    await patch(`${folder}/image`, 24, [0, 0, 0, 0, 0, 0x0f, 0xff, 0x01]);
    assert.equal(await convertQcow2(`${folder}/image`, `${folder}/raw`), MIB);
  });
});

Deno.test("convertQcow2() refuses a file that was cut off, wherever", async () => {
  await withFolder(async (folder) => {
    writeDisk(`${folder}/disk`, { bytes: 4 * MIB });
    for (const options of [[], ["-c"], ["-c", "-o", "compression_type=zstd"]]) {
      await qemuImg("convert", "-O", "qcow2", ...options, `${folder}/disk`, `${folder}/image`);
      const { size } = await Deno.stat(`${folder}/image`);
      for (const part of [0.01, 0.3, 0.6, 0.9]) {
        await Deno.copyFile(`${folder}/image`, `${folder}/cut`);
        await Deno.truncate(`${folder}/cut`, Math.floor(size * part));
        await assert.rejects(
          convertQcow2(`${folder}/cut`, `${folder}/raw`),
          (error) => error instanceof CocoonError && /damaged or cut off/.test(error.message),
          `${options} ${part}`,
        );
        await Deno.remove(`${folder}/raw`).catch(() => {/* refused before it was made */});
      }
    }
  });
});

Deno.test("convertQcow2() stops at once when it is interrupted", async () => {
  await withFolder(async (folder) => {
    writeDisk(`${folder}/disk`, { bytes: 160 * MIB });
    await qemuImg("convert", "-O", "qcow2", "-c", "-S", "0", `${folder}/disk`, `${folder}/image`);
    const abort = new AbortController();
    const reason = new Error("interrupted");
    let doneBytes = 0;
    const outcome = await convertQcow2(`${folder}/image`, `${folder}/raw`, {
      cpus: 1,
      signal: abort.signal,
      onProgress(done) {
        if (done === 0) return;
        doneBytes = done;
        abort.abort(reason);
      },
    }).catch((error) => error);
    // On a busy computer the first news may be that all is done.
    if (doneBytes < 160 * MIB) assert.equal(outcome, reason);
  });
});

async function qemuIo(image: string, ...commands: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("qemu-io", {
    args: ["-f", "qcow2", ...commands.flatMap((command) => ["-c", command]), image],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function patch(path: string, offset: number, bytes: number[]): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(new Uint8Array(bytes));
}

Deno.test("convertQcow2() refuses more data than its limit for what the image came in", async () => {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/image`, qcow2Bomb(1, 0x41));
    const limit = { ratio: 200, freeBytes: MIB };
    await assert.rejects(
      convertQcow2(`${folder}/image`, `${folder}/raw`, { packedBytes: 20_000, limit }),
      { name: "CocoonError", message: /more than 3.8MiB that are not zeros out of 19.5KiB/ },
    );
    // Two workers have written at most one chunk each beyond it.
    assert.ok(((await Deno.stat(`${folder}/raw`)).blocks ?? Infinity) * 512 <= 32 * MIB);
  });
});

Deno.test("convertQcow2() keeps the holes of an image with preallocated clusters", async () => {
  await withFolder(async (folder) => {
    const options = ["-f", "qcow2", "-o", "preallocation=metadata"];
    await qemuImg("create", ...options, `${folder}/image`, "200M");
    await convertQcow2(`${folder}/image`, `${folder}/raw`);
    const { size, blocks } = await Deno.stat(`${folder}/raw`);
    assert.equal(size, 200 * MIB);
    assert.ok((blocks ?? Infinity) * 512 < MIB, `${blocks} blocks`);
  });
});
