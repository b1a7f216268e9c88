/** Storage driver `qcow2`: a thin overlay on the image, on any file system. */
import { CocoonError } from "../../errors/error.ts";
import type { Host, StorageDriver } from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";
import { changeDiskFile, makeDiskFile, measureImage, shrinkRefusal } from "../disk_file.ts";
import {
  emptyOverlay,
  MAX_DISK_BYTES,
  type OverlayHeader,
  readHeader,
  roundToSectors,
  SIZE_OFFSET,
} from "./header.ts";

const driver: StorageDriver = {
  kind: "storage",
  name: "qcow2",
  summary: "thin overlays on the image, for hypervisors that read qcow2",
  settingsSchema: defineSettings({}),
  format: "qcow2",
  maxDiskBytes: MAX_DISK_BYTES,
  supports: () => Promise.resolve(true),
  check: (_host, directory) =>
    Promise.resolve([{
      level: "ok",
      subject: "storage qcow2",
      message: `works in ${directory}, as everywhere`,
    }]),
  async clone(_host, basePath, targetPath, sizeBytes, signal) {
    signal.throwIfAborted();
    await measureImage(basePath, sizeBytes);
    // The path is kept in the disk: it must not lead through a link that may change.
    const overlay = emptyOverlay(await Deno.realPath(basePath), roundToSectors(sizeBytes));
    await makeDiskFile(targetPath, overlay.fileBytes, async (target) => {
      for (const { offset, bytes } of overlay.parts) await writeAt(target, offset, bytes);
      await target.truncate(overlay.fileBytes);
    });
  },
  async grow(host, diskPath, sizeBytes) {
    const wantedBytes = roundToSectors(sizeBytes);
    let roomBytes = Infinity;
    await changeDiskFile(diskPath, async (disk) => {
      const header = await headerOf(diskPath, disk);
      if (wantedBytes < header.sizeBytes) {
        throw shrinkRefusal(diskPath, header.sizeBytes, wantedBytes);
      }
      if (wantedBytes === header.sizeBytes) return;
      roomBytes = header.roomBytes;
      if (wantedBytes <= roomBytes) await writeSize(disk, wantedBytes);
    });
    if (wantedBytes > roomBytes) await resizeByQemu(host, diskPath, wantedBytes);
  },
};

export default driver;

async function headerOf(diskPath: string, disk: Deno.FsFile): Promise<OverlayHeader> {
  const bytes = new Uint8Array(512);
  const count = await disk.read(bytes);
  const header = readHeader(bytes.subarray(0, count ?? 0));
  if (header !== undefined) return header;
  throw new CocoonError("failed", `disk ${diskPath}: not a qcow2 file of version 3`, {
    hint: `Look at it with \`qemu-img info ${diskPath}\`.`,
  });
}

/** Eight bytes of one sector: after a crash they are the old or the new ones. */
async function writeSize(disk: Deno.FsFile, sizeBytes: number): Promise<void> {
  const field = new DataView(new ArrayBuffer(8));
  field.setBigUint64(0, BigInt(sizeBytes));
  await writeAt(disk, SIZE_OFFSET, new Uint8Array(field.buffer));
}

async function resizeByQemu(host: Host, diskPath: string, sizeBytes: number): Promise<void> {
  const program = host.which("qemu-img");
  if (program === undefined) {
    throw new CocoonError("host-lacks", `disk ${diskPath}: qemu-img is needed to grow it`, {
      hint: host.os === "darwin"
        ? "Install it: brew install qemu"
        : "Install it: apt install qemu-utils, or dnf install qemu-img",
    });
  }
  const { code, stderr } = await host.run(
    [program, "resize", "-q", "-f", "qcow2", diskPath, String(sizeBytes)],
  );
  if (code !== 0) {
    throw new CocoonError("failed", `disk ${diskPath}: cannot be grown: ${stderr.trim()}`, {
      hint: "Make sure that no other program has the disk open.",
    });
  }
}

async function writeAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): Promise<void> {
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
