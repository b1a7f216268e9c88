/** What all storage drivers do to a disk's file in the same way. */
import { CocoonError, isTooLargeFile } from "../errors/error.ts";
import { dirname } from "../host/path.ts";
import { SystemError } from "../native/errno.ts";

/**
 * Makes the new file `path`, 0600, fills it and forces it to the disk. Whatever goes wrong, also an
 * abort inside `fill`, nothing is left at `path`; a file that was there before is never touched.
 * @param neededBytes space that the content takes, for the message when there is too little; 0 for
 * next to nothing
 * @throws {CocoonError} `conflict` when the file exists, `usage` when its file system takes none as
 *   large, `failed` when it cannot be made
 */
export async function makeDiskFile(
  path: string,
  neededBytes: number,
  fill: (file: Deno.FsFile) => Promise<void>,
): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new CocoonError("conflict", `disk ${path}: the file exists already`, {
        hint: "Move it away, if it is not needed, and try again.",
        cause,
      });
    }
    throw await explained(path, neededBytes, cause);
  }
  try {
    try {
      await fill(file);
      await file.sync();
    } finally {
      file.close();
    }
  } catch (cause) {
    await Deno.remove(path).catch(() => {/* the cause is what the user must see */});
    throw await explained(path, neededBytes, cause);
  }
}

/**
 * Changes the existing disk `path` and forces the change to the disk.
 * @throws {CocoonError} `failed` when it cannot be opened or written
 */
export async function changeDiskFile(
  path: string,
  change: (file: Deno.FsFile) => Promise<void>,
): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    await change(file);
    await file.sync();
  } catch (cause) {
    throw await explained(path, 0, cause);
  }
}

/** Grows the raw disk `path` by a hole at its end. */
export async function growRawDisk(path: string, sizeBytes: number): Promise<void> {
  await changeDiskFile(path, async (file) => {
    const { size } = await file.stat();
    if (sizeBytes < size) throw shrinkRefusal(path, size, sizeBytes);
    if (sizeBytes > size) await file.truncate(sizeBytes);
  });
}

/** The refusal to make a disk smaller than it is. */
export function shrinkRefusal(path: string, sizeBytes: number, wantedBytes: number): CocoonError {
  return new CocoonError(
    "usage",
    `disk ${path}: cannot be shrunk from ${sizeBytes} to ${wantedBytes} bytes`,
    { hint: "A smaller disk would cut off what the guest has written; ask for at least its size." },
  );
}

/**
 * Size of the raw image `path`, which must fit into a disk of `sizeBytes`.
 * @returns its length, and the bytes that it really occupies
 * @throws {CocoonError} `usage` when it does not fit, `failed` when it cannot be read
 */
export async function measureImage(
  path: string,
  sizeBytes: number,
): Promise<{ sizeBytes: number; allocatedBytes: number }> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "the file is gone" : String(cause);
    throw new CocoonError("failed", `image ${path}: ${why}`, {
      hint: "Pull or import the image again.",
      cause,
    });
  }
  if (info.size > sizeBytes) {
    throw new CocoonError(
      "usage",
      `a disk of ${sizeBytes} bytes is smaller than its image of ${info.size} bytes`,
      { hint: `Ask for a disk of at least ${mebibytes(info.size)}.` },
    );
  }
  return { sizeBytes: info.size, allocatedBytes: (info.blocks ?? 0) * 512 };
}

/**
 * A system call's failure in the user's words; everything else stays what it is: what was explained
 * already, and the reason of an abort, which may be anything.
 */
async function explained(path: string, neededBytes: number, cause: unknown): Promise<unknown> {
  if (!(cause instanceof Error) || cause instanceof CocoonError) return cause;
  if (isTooLargeFile(cause)) {
    return new CocoonError(
      "usage",
      `disk ${path}: larger than a file may be on the file system of ${dirname(path)}`,
      { hint: "Ask for a smaller disk.", cause },
    );
  }
  const code = "code" in cause ? cause.code : undefined;
  if (typeof code !== "string" && !(cause instanceof SystemError)) return cause;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const what = code === "ENOSPC" ? "no space left" : "the disk quota is used up";
    const needed = neededBytes === 0 ? "" : `${mebibytes(neededBytes)} needed, `;
    const free = await freeSpace(dirname(path));
    return new CocoonError(
      "failed",
      `disk ${path}: ${what}: ${needed}${free} free`,
      { hint: "Free some space, for example with `cocoon gc` or `cocoon image rm`.", cause },
    );
  }
  const why = cause instanceof Deno.errors.NotFound ? "no such file" : cause.message;
  return new CocoonError("failed", `disk ${path}: ${why}`, {
    hint: `Look at the permissions and the state of ${dirname(path)}.`,
    cause,
  });
}

async function freeSpace(directory: string): Promise<string> {
  // Deno itself has no statfs; the import is paid by this failure only.
  const { statfs } = await import("node:fs/promises");
  try {
    const info = await statfs(directory);
    return mebibytes(info.bavail * info.bsize);
  } catch {
    return "an unknown amount";
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
