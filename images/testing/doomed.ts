/**
 * A program for tests that kills itself: it runs one verb on a store and ends by SIGKILL before
 * its Nth change of a file or of the records. Prints `done` when there were fewer.
 *
 * Arguments: home, N, then `import FILE`, `pull URL` or `remove TAG`.
 */
import { realHost } from "../../host/host.ts";
import { openHome } from "../../state/home.ts";
import { ImageTable } from "../../state/images.ts";
import { openStore } from "../../state/store.ts";
import { importImage } from "../import.ts";
import { pullImage } from "../pull.ts";
import { removeImages } from "../remove.ts";

const [root = "", steps = "", verb = "", subject = ""] = Deno.args;
let left = Number(steps);

/** Counts every call of a function, and dies before the Nth. */
function count<T extends object>(owner: T, name: keyof T & string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") throw new TypeError(`${name} is no function`);
  Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
    if (--left === 0) Deno.kill(Deno.pid, "SIGKILL");
    return Reflect.apply(original, this, args);
  });
}

const home = openHome(root);
using store = await openStore(home);
const ctx = { home, store, host: { ...realHost(), cpus: 1 } };
for (const name of ["mkdirSync", "openSync", "rename", "truncate", "chmod", "remove"] as const) {
  count(Deno, name);
}
count(Deno.FsFile.prototype, "writeSync");
count(Deno.FsFile.prototype, "sync");
for (const name of ["put", "untag", "deleteUnused"] as const) count(ImageTable.prototype, name);

if (verb === "import") await importImage(ctx, "web", subject);
else if (verb === "pull") await pullImage(ctx, subject, { tag: "web" });
else await removeImages(ctx, [subject]);
console.log("done");
