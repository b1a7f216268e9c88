/** Storage driver `reflink`: the disk shares the image's blocks until they are written (Linux). */
import { CocoonError } from "../../errors/error.ts";
import { type ErrnoName, SystemError } from "../../native/errno.ts";
import { closeFile, openFile, openUnnamedFile, reflink, writeFile } from "../../native/libc.ts";
import type { Host, StorageDriver } from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";
import { growRawDisk, makeDiskFile, measureImage } from "../disk_file.ts";

/**
 * What file systems say that cannot share blocks, or not between these two places (ioctl_ficlone(2);
 * EISDIR is what open(2) gives where O_TMPFILE is unknown).
 */
const UNSUPPORTED: ReadonlySet<ErrnoName | undefined> = new Set<ErrnoName>(
  ["EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "ENOSYS", "EISDIR"],
);

const driver: StorageDriver = {
  kind: "storage",
  name: "reflink",
  summary: "copies on write inside the file system (btrfs, xfs)",
  systems: ["linux"],
  settingsSchema: defineSettings({}),
  format: "raw",
  supports: (host, directory, imageDirectory) =>
    // A promise's executor turns what is thrown into a rejection.
    new Promise((resolve) => resolve(canShareBlocks(host, directory, imageDirectory))),
  check(host, directory) {
    const subject = "storage reflink";
    try {
      return Promise.resolve([
        canShareBlocks(host, directory, directory)
          ? { level: "ok", subject, message: `files in ${directory} can share blocks` }
          : {
            level: "warning",
            subject,
            message: `files in ${directory} cannot share blocks; btrfs and xfs can`,
          },
      ]);
    } catch (error) {
      if (!(error instanceof CocoonError)) throw error;
      const fix = error.hint ?? "";
      return Promise.resolve([{ level: "error", subject, message: error.message, fix }]);
    }
  },
  async clone(_host, basePath, targetPath, sizeBytes, signal) {
    signal.throwIfAborted();
    const image = await measureImage(basePath, sizeBytes);
    await makeDiskFile(targetPath, 0, async (target) => {
      shareAllBlocks(basePath, targetPath);
      if (image.sizeBytes < sizeBytes) await target.truncate(sizeBytes);
    });
  },
  grow: (_host, diskPath, sizeBytes) => growRawDisk(diskPath, sizeBytes),
};

export default driver;

function shareAllBlocks(basePath: string, targetPath: string): void {
  const source = openFile(basePath, "read");
  try {
    const target = openFile(targetPath, "read-write");
    try {
      reflink(source, target);
    } finally {
      closeFile(target);
    }
  } catch (cause) {
    if (!(cause instanceof SystemError) || !UNSUPPORTED.has(cause.code)) throw cause;
    throw new CocoonError(
      "failed",
      `disk ${targetPath}: cannot share blocks with ${basePath}: ${cause.message}`,
      { hint: "Choose the storage driver `auto`, `qcow2` or `copy`.", cause },
    );
  } finally {
    closeFile(source);
  }
}

/**
 * Tries it with two files that have no name, so that nothing can be left behind.
 * @throws {CocoonError} `failed` when the folders cannot be written to, which is no answer
 */
function canShareBlocks(host: Host, directory: string, imageDirectory: string): boolean {
  if (host.os !== "linux") return false;
  const descriptors: number[] = [];
  try {
    const source = openUnnamedFile(imageDirectory);
    descriptors.push(source);
    const target = openUnnamedFile(directory);
    descriptors.push(target);
    // One whole block: an empty file could be "shared" where blocks cannot.
    writeFile(source, new Uint8Array(4096).fill(1));
    reflink(source, target);
    return true;
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    if (UNSUPPORTED.has(cause.code)) return false;
    throw new CocoonError("failed", `cannot try block sharing: ${cause.message}`, {
      hint: `Make sure that ${directory} and ${imageDirectory} exist, with space and write access.`,
      cause,
    });
  } finally {
    descriptors.forEach(closeFile);
  }
}
