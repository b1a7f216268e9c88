import { CocoonError } from "../../../errors/error.ts";

/** A guest that is not asked for in this time is removed when another is built. */
const UNUSED_MS = 24 * 60 * 60 * 1000;

/** Where guests are kept between runs: outside the repository, the same for all clones of it. */
export function guestCacheDir(): string {
  const own = Deno.env.get("COCOON_GUEST_CACHE");
  if (own) return own;
  const cache = Deno.env.get("XDG_CACHE_HOME");
  if (cache) return `${cache}/cocoon-guests`;
  const home = Deno.env.get("HOME");
  if (home) return `${home}/.cache/cocoon-guests`;
  throw new CocoonError("failed", "guest cache: neither HOME nor XDG_CACHE_HOME is set", {
    hint: "Set COCOON_GUEST_CACHE to a directory with 3 GB of room.",
  });
}

/**
 * The directory `NAME-KEY` of the cache, built by `build` when it is not there. Processes that ask
 * at once wait for the first; one that is killed in between leaves nothing that counts.
 *
 * @param key what the content follows from; another key is another directory
 * @param build fills the first directory; the second is for what it needs meanwhile
 */
export async function cached(
  cache: string,
  name: string,
  key: string,
  build: (dir: string, work: string) => Promise<void>,
): Promise<string> {
  const dir = `${cache}/${name}-${key}`;
  if (await touch(dir)) return dir;
  await Deno.mkdir(cache, { recursive: true });
  using lock = await Deno.open(`${cache}/${name}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await touch(dir)) return dir;
  await prune(cache, name);
  const temporary = `${cache}/.${name}-${key}.building`;
  try {
    await Deno.mkdir(`${temporary}/made`, { recursive: true });
    await Deno.mkdir(`${temporary}/work`);
    await build(`${temporary}/made`, `${temporary}/work`);
    await Deno.rename(`${temporary}/made`, dir);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  return dir;
}

/** Removes what a killed build left, and the guests of older recipes that nobody uses any more. */
async function prune(cache: string, name: string): Promise<void> {
  for await (const entry of Deno.readDir(cache)) {
    const path = `${cache}/${entry.name}`;
    if (entry.name.startsWith(`.${name}-`) && entry.name.endsWith(".building")) {
      await Deno.remove(path, { recursive: true });
    } else if (new RegExp(`^${name}-[0-9a-f]+$`).test(entry.name)) {
      const used = (await Deno.stat(path)).mtime?.getTime() ?? 0;
      if (Date.now() - used > UNUSED_MS) await Deno.remove(path, { recursive: true });
    }
  }
}

/** Marks a directory as used; false when it does not exist. */
async function touch(dir: string): Promise<boolean> {
  try {
    await Deno.utime(dir, new Date(), new Date());
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
