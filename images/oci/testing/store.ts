/** A store to pull into, and disks to publish, for tests. */
import { pullImage, type PullOptions } from "../../pull.ts";
import { testImages } from "../../testing/context.ts";
import { qemuImg, writeDisk } from "../../testing/qemu_img.ts";
import { gzip, type ImageParts, imageParts, type TarFile, tarOf } from "./parts.ts";

const MIB = 1024 * 1024;

/** What {@linkcode withStore} gives. */
export interface Fixture {
  images: Awaited<ReturnType<typeof testImages>>;
  /** A raw disk, and the same as qcow2. */
  raw: string;
  qcow2: string;
  pull(reference: string, options?: PullOptions): ReturnType<typeof pullImage>;
}

/** A store, a disk, and no configuration of Docker. */
export async function withStore(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using images = await testImages();
  images.ctx.host = { ...images.ctx.host, architecture: "x86_64", env: () => undefined };
  const raw = images.path("disk.raw");
  writeDisk(raw, { bytes: 4 * MIB });
  const qcow2 = images.path("disk.qcow2");
  await qemuImg("convert", "-O", "qcow2", "-c", raw, qcow2);
  const pull = (reference: string, options: PullOptions = {}) =>
    pullImage(images.ctx, reference, options);
  await body({ images, raw, qcow2, pull });
}

/** A container disk as KubeVirt documents it. */
export async function containerDisk(files: TarFile[]): Promise<ImageParts> {
  const tar = tarOf([{ path: "disk/", type: "5" }, ...files]);
  return await imageParts({ layers: [{ bytes: await gzip(tar) }] });
}
