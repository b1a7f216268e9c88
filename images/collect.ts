import { basename, join } from "../host/path.ts";
import type { ImageContext } from "./context.ts";
import { withImagesLock } from "./images_lock.ts";
import { collectPartials } from "./downloads/collect.ts";
import { discard } from "./remove.ts";
import { evictImages, type OverBudget } from "./evict.ts";
import { Staging } from "./staging.ts";
import { lastUsedMs } from "./usage.ts";

/** One thing that nothing used any more. */
export interface Collected {
  /**
   * `image`: stored, without name and machine; `evicted`: stored, but above the budget; `orphan`: a
   * folder without record; `staging`: left by a command that was killed; `partial`: a download that
   * nobody went on with for a week.
   */
  kind: "image" | "evicted" | "orphan" | "staging" | "partial";
  /** Names of an evicted image, else the digest of an image, else the folder's name. */
  name: string;
  freedBytes: number;
}

/**
 * How long after its last use an image without name is kept: between the moment a command has
 * resolved an image and the moment its machine is recorded nothing else protects it, and a file
 * that is run again soon need not be converted again.
 */
const KEEP_MS = 60 * 60 * 1000;

/** Options of {@linkcode collectImages}. */
export interface CollectOptions {
  /** Milliseconds since its last use for which an image stays. @default {one hour} */
  keepMs?: number;
  /** What images may take on disk; above it, the least recently used go with their names. */
  budgetBytes?: number | undefined;
  /** Called when what must stay takes more than the budget. */
  onOverBudget?: (over: OverBudget) => void;
  signal?: AbortSignal;
}

/**
 * Removes what nothing needs: images without name and machine that were not asked for lately,
 * folders without record, staging areas whose process is gone; and what is above the budget, if
 * there is one. What a machine or a running pull needs stays.
 */
export async function collectImages(
  ctx: ImageContext,
  options: CollectOptions = {},
): Promise<Collected[]> {
  await using undo = new AsyncDisposableStack();
  ctx.store.makeRoom();
  const images = ctx.store.images.list();
  // The URL of a file, or the digest of the manifest that a blob is of.
  const known = new Set(images.flatMap(({ source, digest }) => [source, digest]));
  const isStored = (source: string) =>
    known.has(source) || known.has(source.slice(source.lastIndexOf("@") + 1));
  const partials = await collectPartials(ctx.home, ctx.host.now().getTime(), isStored);
  return await withImagesLock(ctx.home, async () => {
    const abandoned = Staging.abandoned(ctx.home);
    const trash = undo.use(Staging.make(ctx.home));
    const { keepMs = KEEP_MS, budgetBytes = Infinity } = options;
    return [
      ...partials.map((partial): Collected => ({ kind: "partial", ...partial })),
      ...await collectStaging(abandoned, trash),
      ...await collectUnused(ctx, keepMs, trash),
      ...(await evictImages(ctx, budgetBytes, keepMs, trash, options.onOverBudget)).map((
        image,
      ): Collected => ({
        kind: "evicted",
        name: image.tags.join(", ") || image.digest,
        freedBytes: image.allocatedBytes,
      })),
      ...await collectOrphans(ctx, trash),
    ];
  }, options.signal);
}

async function collectStaging(abandoned: string[], trash: Staging): Promise<Collected[]> {
  const collected: Collected[] = [];
  for (const directory of abandoned) {
    if (await removeIfEmpty(directory)) continue;
    const name = basename(directory);
    const freedBytes = await allocatedBytes(directory);
    try {
      await Deno.rename(directory, trash.path(name));
    } catch (error) {
      // Its process was just removing it: a lock in it is gone before the folder is.
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    collected.push({ kind: "staging", name, freedBytes });
  }
  return collected;
}

/**
 * An empty folder is being made or removed right now, or was left between the two: not worth
 * telling. True also if it is gone.
 */
async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    if (!Deno.readDirSync(directory).next().done) return false;
    await Deno.remove(directory);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return true;
}

async function collectUnused(
  ctx: ImageContext,
  keepMs: number,
  trash: Staging,
): Promise<Collected[]> {
  const collected: Collected[] = [];
  for (const image of ctx.store.images.list()) {
    if (image.tags.length > 0 || await usedSince(ctx, image.digest, keepMs)) continue;
    if (!ctx.store.images.deleteUnused(image.digest)) continue;
    await discard(ctx, image, trash);
    collected.push({ kind: "image", name: image.digest, freedBytes: image.allocatedBytes });
  }
  return collected;
}

async function usedSince(ctx: ImageContext, digest: string, keepMs: number): Promise<boolean> {
  const lastUse = await lastUsedMs(ctx, digest);
  return lastUse !== undefined && ctx.host.now().getTime() - lastUse < keepMs;
}

async function collectOrphans(ctx: ImageContext, trash: Staging): Promise<Collected[]> {
  const collected: Collected[] = [];
  for (const { name } of [...Deno.readDirSync(join(ctx.home.imagesDir, "sha256"))]) {
    const digest = `sha256:${name}`;
    if (ctx.store.images.get(digest) !== undefined) continue;
    const freedBytes = await allocatedBytes(ctx.home.imageDir(digest));
    await discard(ctx, { digest }, trash);
    collected.push({ kind: "orphan", name, freedBytes });
  }
  return collected;
}

/** Bytes that the files below a folder take; 0 for what its owner removes meanwhile. */
async function allocatedBytes(path: string): Promise<number> {
  try {
    const info = await Deno.lstat(path);
    let bytes = (info.blocks ?? 0) * 512;
    if (info.isDirectory) {
      for await (const entry of Deno.readDir(path)) {
        bytes += await allocatedBytes(join(path, entry.name));
      }
    }
    return bytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
