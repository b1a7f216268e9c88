/** `mkfs.erofs` from 1.8 on, which Debian 12 does not have, and `fsck.erofs`, for tests. */
import { PrivateApt } from "../guests/lib/apt.ts";
import { cached, guestCacheDir } from "../guests/lib/cache_dir.ts";
import { recipeHash } from "../guests/lib/recipe.ts";

/** The first release of Debian that has it. */
const SUITE = "trixie";
/** Changed with what is made below. */
const RECIPE = "2";

/**
 * A folder with both, to be put in front of PATH. They are unpacked from Debian's newer
 * release beside the libraries that they need, and started by that release's loader; the system
 * itself stays as it is. Kept with the guests, and safe to ask for from several processes at once.
 */
export async function erofsPrograms(): Promise<string> {
  const cache = guestCacheDir();
  const arch = Deno.build.arch;
  const key = await recipeHash([new URL("../guests/lib", import.meta.url)], [arch, SUITE, RECIPE]);
  const dir = await cached(cache, `erofs-${arch}`, key, async (made, work) => {
    const apt = new PrivateApt(work, arch);
    await apt.update(SUITE);
    await apt.unpack(await apt.closure(["erofs-utils"]), `${made}/root`);
    await Deno.mkdir(`${made}/bin`);
    for (const name of ["mkfs.erofs", "fsck.erofs"]) {
      const script = [
        "#!/bin/sh",
        'root=$(dirname "$(readlink -f "$0")")/../root',
        'for loader in "$root"/usr/lib/*/ld-linux-*.so.*; do :; done',
        `exec "$loader" --library-path "$(dirname "$loader")" "$root/usr/bin/${name}" "$@"`,
      ];
      await Deno.writeTextFile(`${made}/bin/${name}`, `${script.join("\n")}\n`, { mode: 0o755 });
    }
  });
  return `${dir}/bin`;
}
