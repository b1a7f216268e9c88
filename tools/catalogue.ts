/**
 * `deno task catalogue [WORD...]`: asks the servers whether everything that the shipped catalogue
 * names is there and holds: each image, its checksum file with a digest of it, the signature of
 * that by a pinned key. With words, only the images whose name has one of them. Nothing but the
 * small files and the first byte of each image is fetched. Ends with 1 when anything is broken.
 */
import { messageOf } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { type CatalogueImage, shippedImages } from "../images/catalogue/catalogue.ts";
import { openHttp } from "../images/sources/http.ts";
import { askPublisher } from "../images/verification/publisher.ts";
import type { ImageSourceTable } from "../config/types.ts";
import type { Host } from "../plugins/contract.ts";
import { runTool } from "./main.ts";

/** What was found of one image for one architecture. */
export interface CatalogueFinding {
  name: string;
  architecture: string;
  /** Who would vouch for it; absent when something is broken. */
  verified?: string;
  /** What is broken. */
  problems: string[];
}

/** Checks the images one after the other, so that no server is asked much at once. */
export async function* checkCatalogue(
  host: Pick<Host, "which" | "run">,
  images: readonly CatalogueImage[],
): AsyncGenerator<CatalogueFinding> {
  for (const { name, sources, keys } of images) {
    for (const [architecture, source] of Object.entries(sources)) {
      const problems: string[] = [];
      const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await work();
        } catch (error) {
          problems.push(messageOf(error));
          return undefined;
        }
      };
      await attempt(() => requireFile(source.source));
      const by = await attempt(() => voucherOf(host, source, keys, problems));
      yield {
        name,
        architecture,
        problems,
        ...(problems.length > 0 || by === undefined ? {} : { verified: by }),
      };
    }
  }
}

/** Fails unless a GET of the file succeeds; its body is not read. */
async function requireFile(address: string): Promise<void> {
  try {
    const range = { headers: { range: "bytes=0-0" }, statuses: [200, 206] };
    await using _answer = await openHttp(new URL(address), {}, undefined, range);
  } catch (cause) {
    throw new Error(`${address}: ${messageOf(cause)}`, { cause });
  }
}

async function voucherOf(
  host: Pick<Host, "which" | "run">,
  source: ImageSourceTable,
  keys: CatalogueImage["keys"],
  problems: string[],
): Promise<string> {
  const { checksum } = source;
  if (checksum === undefined) return "none";
  const onWarning = (message: string) => void problems.push(message);
  const { voucher } = await askPublisher(host, { ...source, checksum }, keys, { onWarning });
  return voucher.by;
}

/** Checks and prints; returns the exit status. */
export async function reportCatalogue(
  host: Pick<Host, "which" | "run">,
  images: readonly CatalogueImage[],
  print: (line: string) => void,
): Promise<number> {
  const broken = new Set<string>();
  for await (const finding of checkCatalogue(host, images)) {
    const { name, architecture, verified, problems } = finding;
    print(`${problems.length === 0 ? "ok    " : "BROKEN"} ${name} ${architecture} ${verified ?? ""}`
      .trimEnd());
    for (const problem of problems) print(`       ${problem}`);
    if (problems.length > 0) broken.add(name);
  }
  if (broken.size > 0) print(`broken: ${[...broken].join(", ")}`);
  return broken.size > 0 ? 1 : 0;
}

if (import.meta.main) {
  await runTool(async (words) => {
    const chosen = shippedImages().filter(({ name }) => {
      return words.length === 0 || words.some((word) => name.includes(word));
    });
    return await reportCatalogue(realHost(), chosen, console.log);
  });
}
