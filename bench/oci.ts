/**
 * How long it takes to fetch the layers of an image out of a registry, against `skopeo copy` to a
 * folder; and to find an image that is stored already.
 *
 * ```sh
 * deno run -A --no-check bench/oci.ts [ROUNDS]
 * ```
 * Both are whole processes, start included, that ask Debian's `docker-registry` on this computer
 * and write to the same file system; they take turns, so that what else the computer does hits
 * both.
 */
import { realHost } from "../host/host.ts";
import { withBlobs } from "../images/oci/blobs.ts";
import { RegistryClient } from "../images/oci/client/client.ts";
import { parseOciReference } from "../images/oci/client/reference.ts";
import { fetchLayers } from "../images/oci/layer_files.ts";
import { gzip, imageParts, tarOf, writeLayout } from "../images/oci/testing/parts.ts";
import { openHome } from "../state/home.ts";
import { cocoonOk } from "../tests/support/cocoon.ts";
import { skopeo, startRegistry } from "../tests/support/registry.ts";

const MIB = 1024 * 1024;
const LAYERS = 8;
/** Noise, as compressed files are: neither side can save anything. */
const LAYER_BYTES = 48 * MIB;
const TIMEOUT_MS = 120_000;

/** The result; times are medians. */
export interface OciComparison {
  cocoonMs: number;
  skopeoMs: number;
  /** `cocoonMs / skopeoMs`: below 1, cocoon is faster. */
  ratio: number;
  /** `cocoon image pull` of an image that is stored. */
  secondPullMs: number;
}

/** Measures; takes a minute and 2 GiB in the temporary folder. */
export async function benchOci(rounds = 5): Promise<OciComparison> {
  const folder = await Deno.makeTempDir({ prefix: "bench-oci-" });
  try {
    await using registry = await startRegistry();
    const reference = `${registry.host}/layers:1`;
    await publish(folder, reference);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await timed(() => fetchInChild(reference, `${folder}/ours`)));
      const target = `dir:${folder}/theirs`;
      theirs.push(
        await timed(() =>
          skopeo("copy", "--src-tls-verify=false", `docker://${reference}`, target)
        ),
      );
      for (const name of ["ours", "theirs"]) {
        await Deno.remove(`${folder}/${name}`, { recursive: true });
      }
    }
    const [cocoonMs, skopeoMs] = [median(ours), median(theirs)];
    const secondPullMs = await secondPull(folder, registry.host, rounds);
    return { cocoonMs, skopeoMs, ratio: cocoonMs / skopeoMs, secondPullMs };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function publish(folder: string, reference: string): Promise<void> {
  const layers = [];
  for (let i = 0; i < LAYERS; i++) {
    layers.push({ bytes: await gzip(tarOf([{ path: `file${i}`, bytes: noise(LAYER_BYTES) }])) });
  }
  await writeLayout(`${folder}/layout`, "all", await imageParts({ layers }));
  const source = `oci:${folder}/layout:all`;
  await skopeo("copy", "--dest-tls-verify=false", source, `docker://${reference}`);
}

async function secondPull(folder: string, host: string, rounds: number): Promise<number> {
  const home = { path: `${folder}/home` };
  await Deno.mkdir(home.path);
  const disk = noise(MIB);
  // A boot sector's signature, so that it is seen to be a disk.
  disk.set([0x55, 0xaa], 510);
  await Deno.writeFile(`${folder}/disk.raw`, disk);
  await cocoonOk(home, ["image", "import", "disk", `${folder}/disk.raw`]);
  await cocoonOk(home, ["image", "push", "disk", `${host}/disk:1`]);
  const pull = () => cocoonOk(home, ["image", "pull", `${host}/disk:1`]);
  await pull();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timed(pull));
  return median(times);
}

async function fetchInChild(reference: string, directory: string): Promise<void> {
  const script = new URL(import.meta.url).pathname;
  const { code, stderr } = await realHost().run(
    [Deno.execPath(), "run", "-A", "--no-check", script, "--fetch", reference, directory],
    { timeoutMs: TIMEOUT_MS },
  );
  if (code !== 0) throw new Error(`fetch failed: ${stderr}`);
}

/** What the child does. */
async function fetchAll(text: string, directory: string): Promise<void> {
  await Deno.mkdir(directory);
  const reference = parseOciReference(text);
  const client = new RegistryClient(reference, { host: realHost() });
  const { content } = await client.manifest(reference.tag ?? "latest");
  if (content.kind !== "manifest") throw new Error(`${text} is an index`);
  const { layers } = content;
  await withBlobs(
    { home: openHome(directory) },
    layers,
    {},
    ({ places }) => fetchLayers(client, layers, { places, source: text, onBytes: () => {} }),
  );
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

if (import.meta.main) {
  const [first, reference = "", directory = ""] = Deno.args;
  if (first === "--fetch") await fetchAll(reference, directory);
  else console.log(JSON.stringify(await benchOci(Number(first ?? 5)), null, 2));
}
