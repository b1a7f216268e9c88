/** What the tests of downloads share. */
import { openHome } from "../../state/home.ts";
import { type HttpServer, httpServer } from "../../tests/support/http_server.ts";
import { pseudoRandom } from "./qemu_img.ts";
import { download, type Downloaded, type DownloadOptions } from "../downloads/download.ts";
import type { DownloadLimits } from "../downloads/limits.ts";
import { PartialDownload } from "../downloads/partial.ts";
import { urlFile } from "../downloads/remote_file.ts";

export const MIB = 1024 * 1024;

/** Limits under which a test need not wait. */
export const QUICK: DownloadLimits = { retryDelayMs: 1, pieceBytes: MIB, parallelAfterMs: 60_000 };

/** A server and a place for what comes from it. */
export interface Fixture extends AsyncDisposable {
  server: HttpServer;
  url: URL;
  /** Downloads `/x`; the file's content, and what is said of it. */
  fetch(options?: Partial<DownloadOptions>): Promise<Downloaded & { content: Uint8Array }>;
  /** Of the partial download, undefined when there is none. */
  journal(): Promise<string | undefined>;
  dataPath: string;
  journalPath: string;
}

/** Makes one. */
export async function downloads(): Promise<Fixture> {
  const root = await Deno.makeTempDir({ prefix: "cd-" });
  const home = openHome(root);
  const server = httpServer();
  const url = new URL(`${server.url}/x`);
  const open = () => PartialDownload.open(home, url.href);
  const { dataPath, journalPath } = await open().then((partial) => {
    partial[Symbol.dispose]();
    return partial;
  });
  return {
    server,
    url,
    dataPath,
    journalPath,
    async fetch(options = {}) {
      using partial = await open();
      const done = await download(urlFile(url, options.limits), partial, {
        expected: {},
        checkHead: () => {},
        ...options,
        limits: { ...QUICK, ...options.limits },
      });
      return { ...done, content: await Deno.readFile(dataPath) };
    },
    journal: () => Deno.readTextFile(journalPath).catch(() => undefined),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Bytes with holes in them, different for each seed. */
export function content(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = pseudoRandom(length, seed);
  bytes.fill(0, length / 4, length / 3);
  return bytes;
}

/** SHA-256, hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
