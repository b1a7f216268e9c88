import { CocoonError } from "../errors/error.ts";
import type { AddOptions } from "./add.ts";
import { type AddedImage, reuseStored } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import { checkDigests, normalizeExpected } from "./digests.ts";
import { explain } from "./explain.ts";
import { FileCache } from "./file_cache.ts";
import { absolute } from "../host/path.ts";
import { checkTag } from "./reference.ts";
import { fileChunks, fileIdentity, openSourceFile } from "./sources/file.ts";

/** Options of {@linkcode importImage}. */
export interface ImportOptions extends Omit<AddOptions, "tag"> {
  /** Read for the file `-`. @default {standard input} */
  stdin?: AsyncIterable<Uint8Array>;
}

/**
 * Stores a local file, or what standard input gives, under a name that afterwards means it.
 *
 * @param name the tag; if it pointed elsewhere, it is re-pointed
 * @param file path of a disk image, packed or not, or `-` for standard input
 * @throws {CocoonError} `usage` for a bad name or digest, `not-found` without the file, `failed` for
 * everything else; the store is then as it was
 */
export async function importImage(
  ctx: ImageContext,
  name: string,
  file: string,
  options: ImportOptions = {},
): Promise<AddedImage> {
  checkTag(name);
  normalizeExpected(options);
  return file === "-"
    ? await addFromStdin(ctx, { ...options, tag: name })
    : await addFromFile(ctx, absolute(file), { ...options, tag: name });
}

/** Adds what standard input gives. */
export async function addFromStdin(
  ctx: ImageContext,
  options: AddOptions & Pick<ImportOptions, "stdin">,
): Promise<AddedImage> {
  if (options.stdin === undefined && Deno.stdin.isTerminal()) {
    throw new CocoonError("usage", "standard input is a terminal, not a disk image", {
      hint: "Give a file, or redirect one: < disk.qcow2",
    });
  }
  const chunks = options.stdin ?? Deno.stdin.readable;
  const { addImage } = await import("./add.ts");
  return await explain(
    "standard input",
    () => addImage(ctx, { chunks, source: "-", phase: "download" }, options),
  );
}

/**
 * Adds a local file. A file that was added before and has not changed since is not read again.
 * @param path absolute
 */
export async function addFromFile(
  ctx: ImageContext,
  path: string,
  options: AddOptions = {},
): Promise<AddedImage> {
  return await explain(path, async () => {
    using file = await openSourceFile(path);
    const before = await fileIdentity(path);
    const cache = new FileCache(ctx);
    const known = await addKnown(ctx, await cache.get(path, before), options);
    if (known !== undefined) return known;
    // Loaded only for work: a command that finds its image stored starts faster without.
    const { addImage } = await import("./add.ts");
    const added = await addImage(
      ctx,
      { chunks: fileChunks(file), source: path, phase: "hash", totalBytes: before.size },
      options,
      {
        path,
        async checkUnchanged() {
          if ((await fileIdentity(path)).key === before.key) return;
          throw new CocoonError("failed", "it changed while it was read", {
            hint: "Is a machine or a download still writing to it? Try again when that has ended.",
          });
        },
      },
    );
    await cache.set(path, before, added.image.digest);
    return added;
  });
}

async function addKnown(
  ctx: ImageContext,
  digest: string | undefined,
  options: AddOptions,
): Promise<AddedImage | undefined> {
  // Only SHA-256 is remembered; for another digest the file has to be read.
  if (digest === undefined || options.sha512 !== undefined) return undefined;
  const sha256 = digest.replace("sha256:", "");
  const verified = checkDigests(normalizeExpected(options), { sha256 }, "Nothing was stored");
  return await reuseStored(ctx, digest, verified, options.tag, options.signal);
}
