import { run } from "./tools.ts";

const MIB = 1024 * 1024;

/** A partition of a disk that is being made. */
export interface Partition {
  /** `esp` = EFI system partition, `linux` = Linux file system; sfdisk's type by GPT. */
  kind: "esp" | "linux";
  /** In the partition table; 36 characters at most. */
  name: string;
  /** A file system image of exactly the partition's size, a multiple of 1 MiB. */
  file: string;
}

const TYPE_GUID = {
  esp: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  linux: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
} as const;

/** Makes a sparse raw disk with a GPT from images of its partitions; no loop device, no root. */
export async function writeDisk(path: string, partitions: readonly Partition[]): Promise<void> {
  let startBytes = MIB;
  const lines = ["label: gpt"];
  const starts: number[] = [];
  for (const { kind, name, file } of partitions) {
    const { size } = await Deno.stat(file);
    starts.push(startBytes);
    lines.push(
      `start=${startBytes / 512}, size=${size / 512}, type=${TYPE_GUID[kind]}, name="${name}"`,
    );
    startBytes += size;
  }
  // The last MiB is for the second copy of the table.
  const disk = await Deno.create(path);
  await disk.truncate(startBytes + MIB);
  disk.close();
  await run("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", path], {
    input: lines.join("\n") + "\n",
  });
  for (const [i, { file }] of partitions.entries()) {
    await copyInto(file, path, starts[i] ?? 0);
  }
}

/** Copies a file into another at an offset and leaves holes where it is zero. */
async function copyInto(source: string, target: string, offset: number): Promise<void> {
  using from = await Deno.open(source);
  using to = await Deno.open(target, { write: true });
  const block = new Uint8Array(64 * 1024);
  for (let at = 0;;) {
    let size = 0;
    while (size < block.length) {
      const read = await from.read(block.subarray(size));
      if (read === null) break;
      size += read;
    }
    if (size === 0) return;
    const data = block.subarray(0, size);
    if (data.some((byte) => byte !== 0)) {
      await to.seek(offset + at, Deno.SeekMode.Start);
      for (let done = 0; done < size;) done += await to.write(data.subarray(done));
    }
    at += size;
  }
}

/** Makes a FAT file system image with the given files; keys are paths within it. */
export async function writeFat(
  path: string,
  label: string,
  sizeBytes: number,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await sparseFile(path, sizeBytes);
  await run("mkfs.vfat", ["-n", label, path]);
  const made = new Set<string>();
  for (const [name, source] of Object.entries(files)) {
    const folders = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= folders.length; depth++) {
      const folder = folders.slice(0, depth).join("/");
      if (made.has(folder)) continue;
      made.add(folder);
      await run("mmd", ["-i", path, `::${folder}`]);
    }
    await run("mcopy", ["-i", path, source, `::${name}`]);
  }
}

/** Makes an ext4 file system image, with the content of a directory when one is given. */
export async function writeExt4(
  path: string,
  label: string,
  sizeBytes: number,
  content?: string,
): Promise<void> {
  await sparseFile(path, sizeBytes);
  const from = content === undefined ? [] : ["-d", content];
  await run("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-L", label, ...from, path]);
}

/** Makes the compressed qcow2 of a raw disk. */
export async function compressToQcow2(raw: string, qcow2: string): Promise<void> {
  await run("qemu-img", ["convert", "-c", "-f", "raw", "-O", "qcow2", raw, qcow2]);
}

async function sparseFile(path: string, sizeBytes: number): Promise<void> {
  const file = await Deno.create(path);
  await file.truncate(sizeBytes);
  file.close();
}
