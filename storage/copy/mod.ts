/** Storage driver `copy`: the image's data, copied; its holes stay holes. */
import { CocoonError } from "../../errors/error.ts";
import { SystemError } from "../../native/errno.ts";
import { closeFile, openFile, seekData, seekHole } from "../../native/libc.ts";
import type { StorageDriver } from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";
import { growRawDisk, makeDiskFile, measureImage } from "../disk_file.ts";

/** Large enough that a call's cost does not count, small enough to be interrupted soon. */
const BUFFER_BYTES = 4 << 20;

const driver: StorageDriver = {
  kind: "storage",
  name: "copy",
  summary: "full copies of the image's data, on any file system",
  settingsSchema: defineSettings({}),
  format: "raw",
  supports: () => Promise.resolve(true),
  check: (_host, directory) =>
    Promise.resolve([{
      level: "ok",
      subject: "storage copy",
      message: `works in ${directory}, as everywhere; each disk takes the space of its image`,
    }]),
  async clone(_host, basePath, targetPath, sizeBytes, signal) {
    signal.throwIfAborted();
    const image = await measureImage(basePath, sizeBytes);
    await makeDiskFile(targetPath, image.allocatedBytes, async (target) => {
      await target.truncate(sizeBytes);
      await copyData(basePath, image.sizeBytes, target, signal);
    });
  },
  grow: (_host, diskPath, sizeBytes) => growRawDisk(diskPath, sizeBytes),
};

export default driver;

/**
 * Copies the data of a sparse file to the same places of an empty one. `Deno.copyFile` would fill
 * the holes on file systems without reflinks, and cannot be interrupted.
 */
async function copyData(
  sourcePath: string,
  sourceBytes: number,
  target: Deno.FsFile,
  signal: AbortSignal,
): Promise<void> {
  using source = await Deno.open(sourcePath, { read: true });
  const fd = openFile(sourcePath, "read");
  try {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (const { start, end } of dataRanges(fd, sourceBytes)) {
      await source.seek(start, Deno.SeekMode.Start);
      await target.seek(start, Deno.SeekMode.Start);
      for (let at = start; at < end;) {
        signal.throwIfAborted();
        const count = await source.read(buffer.subarray(0, Math.min(buffer.length, end - at)));
        if (count === null) {
          throw new CocoonError("failed", `image ${sourcePath}: became shorter while it was read`, {
            hint: "Pull or import the image again.",
          });
        }
        await writeAll(target, buffer.subarray(0, count));
        at += count;
      }
    }
  } finally {
    closeFile(fd);
  }
}

/** The parts of a file that are not holes; one part where the file system cannot tell. */
function* dataRanges(fd: number, sizeBytes: number): Generator<{ start: number; end: number }> {
  for (let at = 0; at < sizeBytes;) {
    let start: number | undefined;
    let end: number;
    try {
      start = seekData(fd, at);
      if (start === undefined || start >= sizeBytes) return;
      end = Math.min(seekHole(fd, start), sizeBytes);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === "EINVAL")) throw error;
      [start, end] = [at, sizeBytes];
    }
    yield { start, end };
    at = end;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
