import { dirname, join } from "../host/path.ts";
import type { ImageContext } from "./context.ts";
import type { FileIdentity } from "./sources/file.ts";

/**
 * A file that was changed within this time before it was read may be changed again without its
 * times moving (their resolution is milliseconds on some file systems), so it is not remembered.
 */
const SETTLED_MS = 2_000;

/**
 * Remembers which image a local file is, so that running it again does not read it again: one
 * small file for each path in `cache/image-files/`. Any of them may be deleted at any time.
 */
export class FileCache {
  readonly #ctx: ImageContext;

  constructor(ctx: ImageContext) {
    this.#ctx = ctx;
  }

  /** Digest of the image that this file was the source of, if the file is still the same. */
  async get(path: string, identity: FileIdentity): Promise<string | undefined> {
    try {
      const [key, digest] = (await Deno.readTextFile(await this.#entry(path))).split("\n");
      return key === identity.key ? digest : undefined;
    } catch {
      // Not remembered, or not readable: then the file is read.
      return undefined;
    }
  }

  /** Remembers it. `identity` was taken before the file was read, and holds afterwards. */
  async set(path: string, identity: FileIdentity, digest: string): Promise<void> {
    if (this.#ctx.host.now().getTime() - identity.changedAtMs < SETTLED_MS) return;
    const entry = await this.#entry(path);
    try {
      await Deno.mkdir(dirname(entry), { recursive: true, mode: 0o700 });
      const temporary = `${entry}.${crypto.randomUUID()}`;
      await Deno.writeTextFile(temporary, `${identity.key}\n${digest}\n`);
      await Deno.rename(temporary, entry);
    } catch {
      // The cache saves time and nothing else; a full disk must not fail an import that is done.
    }
  }

  async #entry(path: string): Promise<string> {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(path));
    return join(this.#ctx.home.cacheDir, "image-files", new Uint8Array(hash).toHex());
  }
}
