/** Programs that Debian 12 does not have or has too old, from Debian's next release, for tests. */
import { PrivateApt } from "../guests/lib/apt.ts";
import { cached, guestCacheDir } from "../guests/lib/cache_dir.ts";
import { recipeHash } from "../guests/lib/recipe.ts";

const SUITE = "trixie";

/**
 * The folder into which one package of Debian's next release is unpacked, without what it depends
 * on: for static programs. The system itself stays as it is. Kept with the guests, and safe to ask
 * for from several processes at once.
 */
export async function trixiePackage(name: string): Promise<string> {
  const arch = Deno.build.arch;
  const key = await recipeHash([new URL("../guests/lib", import.meta.url)], [arch, SUITE, name]);
  return await cached(guestCacheDir(), `${name}-${arch}`, key, async (made, work) => {
    const apt = new PrivateApt(work, arch);
    await apt.update(SUITE);
    await apt.unpack([name], made);
  });
}

/** The real gvproxy, which is in no release before. */
export async function gvproxyProgram(): Promise<string> {
  return `${await trixiePackage("gvproxy")}/usr/bin/gvproxy`;
}
