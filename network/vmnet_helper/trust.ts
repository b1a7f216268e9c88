import { dirname } from "../../host/path.ts";

const [OTHERS_MAY_WRITE, STICKY] = [0o022, 0o1000];

/**
 * Whether nobody but root can change a program or put another one in its place: what is started as
 * root without a question must be such a program.
 * @param path without links: `Deno.realPath` has been asked
 */
export async function onlyRootCanChange(path: string): Promise<boolean> {
  for (let at = path;; at = dirname(at)) {
    const { uid, mode, isDirectory } = await Deno.lstat(at);
    // In a sticky folder (/tmp) others can make files, but not replace those of root.
    const kept = isDirectory && ((mode ?? 0) & STICKY) !== 0;
    if (uid !== 0 || (((mode ?? 0) & OTHERS_MAY_WRITE) !== 0 && !kept)) return false;
    if (at === "/") return true;
  }
}
