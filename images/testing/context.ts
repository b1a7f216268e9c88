/** A store of images in a temporary home, for tests. */
import { realHost } from "../../host/host.ts";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import type { ImageContext } from "../context.ts";

/** An empty store that lives as long as a test, with a folder for the test's own files. */
export interface TestImages extends AsyncDisposable {
  ctx: ImageContext;
  /** Absolute path of a file in the test's folder. */
  path(name: string): string;
  /** Names in `images/staging`. */
  staged(): string[];
  /** Names in `images/sha256`. */
  folders(): string[];
}

/**
 * Makes one.
 * @param root home of the store; without it, a temporary folder that is removed afterwards
 */
export async function testImages(root?: string): Promise<TestImages> {
  const folder = await Deno.makeTempDir({ prefix: "ci-" });
  const home = openHome(root ?? `${folder}/home`);
  const store = await openStore(home);
  const names = (path: string) => [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  return {
    ctx: { home, store, host: { ...realHost(), cpus: 2 } },
    path: (name) => `${folder}/${name}`,
    staged: () => names(home.stagingDir),
    folders: () => names(`${home.imagesDir}/sha256`),
    async [Symbol.asyncDispose]() {
      store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
