import { CocoonError, messageOf } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { cloneFile, type CloneLibrary, hasClonefile } from "../../native/clonefile.ts";
import { type ErrnoName, SystemError } from "../../native/errno.ts";
import type { StorageDriver } from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";
import { changeDiskFile, growRawDisk, makeDiskFile, measureImage } from "../disk_file.ts";

/** What file systems say that cannot clone, or not between these two places (clonefile(2)). */
const UNSUPPORTED: ReadonlySet<ErrnoName | undefined> = new Set<ErrnoName>(
  ["ENOTSUP", "EOPNOTSUPP", "EXDEV"],
);

/**
 * Makes the driver.
 * @param library in place of the system's, for tests on computers that are no Mac
 */
export function cloneDriver(library?: CloneLibrary): StorageDriver {
  const here = (os: "linux" | "darwin") =>
    library !== undefined || (os === "darwin" && hasClonefile());
  const canClone = async (directory: string, imageDirectory: string) =>
    (await obstacle(directory, imageDirectory, library)) === undefined;
  return {
    kind: "storage",
    name: "clonefile",
    summary: "clones inside the file system (macOS, APFS)",
    systems: ["darwin"],
    settingsSchema: defineSettings({}),
    format: "raw",
    supports: async (host, directory, imageDirectory) =>
      here(host.os) && await canClone(directory, imageDirectory),
    async check(host, directory) {
      const subject = "storage clonefile";
      if (!here(host.os)) {
        return [{ level: "warning", subject, message: "only macOS can clone files this way" }];
      }
      try {
        const why = await obstacle(directory, directory, library);
        return [
          why === undefined
            ? { level: "ok", subject, message: `files in ${directory} can be cloned` }
            : {
              level: "warning",
              subject,
              message: `files in ${directory} cannot be cloned (${why}); APFS can`,
            },
        ];
      } catch (error) {
        const fix = error instanceof CocoonError ? error.hint : undefined;
        const message = messageOf(error);
        return [{ level: "error", subject, message, ...(fix === undefined ? {} : { fix }) }];
      }
    },
    async clone(host, basePath, targetPath, sizeBytes, signal) {
      signal.throwIfAborted();
      if (!here(host.os)) throw cannot(basePath, targetPath, "only macOS has clonefile(2)");
      const image = await measureImage(basePath, sizeBytes);
      await makeClone(basePath, targetPath, library);
      try {
        await Deno.chmod(targetPath, 0o600);
        await changeDiskFile(targetPath, async (file) => {
          if (image.sizeBytes < sizeBytes) await file.truncate(sizeBytes);
        });
      } catch (error) {
        await Deno.remove(targetPath);
        throw error;
      }
    },
    grow: (_host, diskPath, sizeBytes) => growRawDisk(diskPath, sizeBytes),
  };
}

/** The call makes the file itself, and leaves none when it fails. */
async function makeClone(
  basePath: string,
  targetPath: string,
  library: CloneLibrary | undefined,
): Promise<void> {
  try {
    cloneFile(basePath, targetPath, library);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    if (UNSUPPORTED.has(cause.code)) throw cannot(basePath, targetPath, cause.message, cause);
    // Says of a file that is there, of a full disk and of the rest what all drivers say.
    await makeDiskFile(targetPath, 0, () => Promise.reject(cause));
  }
}

function cannot(basePath: string, targetPath: string, why: string, cause?: unknown): CocoonError {
  return new CocoonError(
    "failed",
    `disk ${targetPath}: cannot be cloned from ${basePath}: ${why}`,
    {
      hint: "Choose the storage driver `auto` or `copy`.",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/**
 * Tries it with a file of its own in each folder; undefined when it works.
 * @throws {CocoonError} `failed` when the folders cannot be written to, which is no answer
 */
async function obstacle(
  directory: string,
  imageDirectory: string,
  library: CloneLibrary | undefined,
): Promise<string | undefined> {
  const name = `.clone-${crypto.randomUUID()}`;
  const [source, target] = [join(imageDirectory, name), join(directory, `${name}.target`)];
  try {
    // One whole block: an empty file could be "cloned" where blocks cannot be shared.
    await Deno.writeFile(source, new Uint8Array(4096).fill(1), { createNew: true, mode: 0o600 });
    cloneFile(source, target, library);
    return undefined;
  } catch (cause) {
    if (cause instanceof SystemError && UNSUPPORTED.has(cause.code)) return cause.message;
    throw new CocoonError("failed", `cannot try to clone a file: ${messageOf(cause)}`, {
      hint: `Make sure that ${directory} and ${imageDirectory} exist, with space and write access.`,
      cause,
    });
  } finally {
    for (const path of [source, target]) {
      await Deno.remove(path).catch(() => {/* it was never made */});
    }
  }
}
