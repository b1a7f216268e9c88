import type { ImageContext } from "./context.ts";

/**
 * When an image was last asked for is the modification time of its folder: noting it costs one
 * system call, in no transaction and under no lock.
 */
export async function markUsed(
  ctx: Pick<ImageContext, "home" | "host">,
  digest: string,
): Promise<void> {
  const now = ctx.host.now();
  await Deno.utime(ctx.home.imageDir(digest), now, now);
}

/** Milliseconds since the epoch of the last use; undefined when the folder is gone. */
export async function lastUsedMs(
  ctx: Pick<ImageContext, "home">,
  digest: string,
): Promise<number | undefined> {
  const info = await Deno.stat(ctx.home.imageDir(digest)).catch(() => undefined);
  return info?.mtime?.getTime();
}
