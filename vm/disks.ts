import { CocoonError, isTooLargeFile, messageOf } from "../errors/error.ts";
import { dirname, join } from "../host/path.ts";
import type { Disk } from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import type { CreateRequest } from "./create.ts";

/** For a caller that gives no size. */
const DEFAULT_DISK_BYTES = 10 * 1024 ** 3;

/**
 * Makes the files of a machine that is being created: root disk or the one over its layers,
 * empty disks, kernel. All of them are on stable storage afterwards. The whole folder is erased when
 * this fails.
 * @throws {CocoonError} `usage` for a size that cannot be had, naming its flag
 */
export async function makeDisks(
  context: VmContext,
  record: MachineRecord,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<void> {
  for (const disk of record.machine.disks) {
    if (disk.role === "root") await makeRoot(context, disk, request, signal);
    if (disk.role === "cow") {
      const { makeCow } = await import("./layer_disks.ts");
      const sizeBytes = request.spec.diskBytes ?? DEFAULT_DISK_BYTES;
      await sized(
        "--disk",
        disk,
        sizeBytes,
        () => makeCow(context.host, disk, sizeBytes, signal),
      );
    }
    if (disk.role === "data") {
      await makeEmpty("--data-disk", disk, dataDiskBytes(disk, request));
    }
  }
  const { boot } = record.machine;
  if (boot.kind !== "linux" || request.kernel === undefined) return;
  if (request.kernel.unpack) {
    const { extractKernel } = await import("../guest/kernel_extract.ts");
    await extractKernel(context.host, request.kernel.kernelPath, boot.kernelPath);
  } else {
    await copyFile(request.kernel.kernelPath, boot.kernelPath, "--kernel");
  }
  if (request.kernel.initrdPath !== undefined && boot.initrdPath !== undefined) {
    await copyFile(request.kernel.initrdPath, boot.initrdPath, "--initrd");
  }
}

async function makeRoot(
  context: VmContext,
  disk: Disk,
  { image, storage, spec }: CreateRequest,
  signal: AbortSignal,
): Promise<void> {
  if (image === undefined) throw new TypeError("a root disk without an image");
  if (image.kind === "iso") {
    return await makeEmpty("--disk", disk, spec.diskBytes ?? DEFAULT_DISK_BYTES);
  }
  const sizeBytes = spec.diskBytes ?? image.virtualBytes;
  if (sizeBytes < image.virtualBytes) {
    const { formatSize } = await import("../config/size.ts");
    throw new CocoonError(
      "usage",
      `--disk ${formatSize(sizeBytes)}: smaller than the image (${
        formatSize(image.virtualBytes)
      }); a disk is never cut`,
      { hint: `Leave --disk out, or give at least ${formatSize(image.virtualBytes)}.` },
    );
  }
  const base = join(context.home.imageDir(image.digest), "disk.raw");
  await sized(
    "--disk",
    disk,
    sizeBytes,
    () => storage.clone(context.host, base, disk.path, sizeBytes, signal),
  );
}

function dataDiskBytes(disk: Disk, { spec }: CreateRequest): number {
  const wish = spec.dataDisks.find((data) => data.name === disk.serial);
  if (wish === undefined) throw new TypeError(`no wish for data disk ${disk.serial}`);
  return wish.sizeBytes;
}

/** All of it is a hole. */
async function makeEmpty(flag: string, disk: Disk, sizeBytes: number): Promise<void> {
  await sized(flag, disk, sizeBytes, async () => {
    using file = await Deno.open(disk.path, { createNew: true, write: true, mode: 0o600 });
    await file.truncate(sizeBytes);
    await file.sync();
  });
}

/** Makes a disk; a size that its file system does not take is the user's to change. */
async function sized(
  flag: string,
  { path }: Disk,
  sizeBytes: number,
  make: () => Promise<void>,
): Promise<void> {
  try {
    await make();
  } catch (cause) {
    if (!isTooLargeFile(cause)) throw cause;
    const { formatSize } = await import("../config/size.ts");
    throw new CocoonError(
      "usage",
      `${flag} ${formatSize(sizeBytes)}: larger than a file may be on the file system of ` +
        dirname(path),
      { hint: "Ask for less; ext4, for example, takes files of less than 16T.", cause },
    );
  }
}

async function copyFile(from: string, to: string, flag: string): Promise<void> {
  try {
    const content = await Deno.readFile(from);
    using file = await Deno.open(to, { createNew: true, write: true, mode: 0o600 });
    for (let done = 0; done < content.length;) done += await file.write(content.subarray(done));
    await file.sync();
  } catch (cause) {
    throw new CocoonError("failed", `${flag} ${from}: cannot be copied: ${messageOf(cause)}`, {
      cause,
    });
  }
}
