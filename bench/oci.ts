/**
 * How long it takes to fetch the layers of an image out of a registry, against `skopeo copy` to a
 * folder; and to find an image that is stored already. The fetching child is this file itself:
 * `deno run bench/oci.ts REFERENCE FOLDER`.
 */
import { realHost } from "../host/host.ts";
import { withBlobs } from "../images/oci/blobs.ts";
import { RegistryClient } from "../images/oci/client/client.ts";
import { parseOciReference } from "../images/oci/client/reference.ts";
import { fetchLayers } from "../images/oci/layer_files.ts";
import { gzip, imageParts, tarOf, writeLayout } from "../images/oci/testing/parts.ts";
import { openHome } from "../state/home.ts";
import { skopeo, startRegistry } from "../tests/support/registry.ts";
import { cocoon, runCocoon, runProgram } from "./lib/commands.ts";
import { type Benchmark, rowsOf } from "./lib/result.ts";
import { takeTurns } from "./lib/turns.ts";

const MIB = 1024 * 1024;
const LAYERS = 8;
/** Noise, as compressed files are: neither side can save anything. */
const LAYER_BYTES = 48 * MIB;

const FETCH = "fetch and check 8 layers of 48 MiB";
const PEER = "skopeo copy to a folder";
const AGAIN = "image pull of a disk, stored already";

/** Takes two minutes and 2 GiB in the temporary folder. */
export const oci: Benchmark = {
  name: "oci",
  about: "layers out of Debian's docker-registry on this computer, against skopeo",
  rounds: 5,
  async run(rounds) {
    const folder = await Deno.makeTempDir({ prefix: "cbench-" });
    try {
      await using registry = await startRegistry();
      const reference = `${registry.host}/layers:1`;
      await publish(folder, reference);
      const remove = (name: string) => Deno.remove(`${folder}/${name}`, { recursive: true });
      const first = await takeTurns([
        {
          name: FETCH,
          run: () => fetchInChild(reference, `${folder}/ours`),
          after: () => remove("ours"),
        },
        {
          name: PEER,
          run: async () => {
            const target = `dir:${folder}/theirs`;
            await skopeo("copy", "--src-tls-verify=false", `docker://${reference}`, target);
          },
          after: () => remove("theirs"),
        },
      ], rounds);
      const second = await secondPull(folder, `${registry.host}/disk:1`, rounds);
      return rowsOf(new Map([...first, ...second]), { [FETCH]: { peer: PEER } });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

async function publish(folder: string, reference: string): Promise<void> {
  const layers = [];
  for (let i = 0; i < LAYERS; i++) {
    layers.push({ bytes: await gzip(tarOf([{ path: `file${i}`, bytes: noise(LAYER_BYTES) }])) });
  }
  await writeLayout(`${folder}/layout`, "all", await imageParts({ layers }));
  const source = `oci:${folder}/layout:all`;
  await skopeo("copy", "--dest-tls-verify=false", source, `docker://${reference}`);
}

async function secondPull(folder: string, reference: string, rounds: number) {
  const home = `${folder}/home`;
  await Deno.mkdir(home);
  const disk = noise(MIB);
  // A boot sector's signature, so that it is seen to be a disk.
  disk.set([0x55, 0xaa], 510);
  await Deno.writeFile(`${folder}/disk.raw`, disk);
  await runCocoon(home, ["image", "import", "disk", `${folder}/disk.raw`]);
  await runCocoon(home, ["image", "push", "disk", reference]);
  await runCocoon(home, ["image", "pull", reference]);
  return await takeTurns([cocoon(AGAIN, home, ["image", "pull", reference])], rounds);
}

async function fetchInChild(reference: string, folder: string): Promise<void> {
  const script = new URL(import.meta.url).pathname;
  await runProgram([Deno.execPath(), "run", "-A", "--no-check", script, reference, folder]);
}

/** What the child does. */
async function fetchAll(text: string, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const reference = parseOciReference(text);
  const client = new RegistryClient(reference, { host: realHost() });
  const { content } = await client.manifest(reference.tag ?? "latest");
  if (content.kind !== "manifest") throw new Error(`${text} is an index`);
  const { layers } = content;
  await withBlobs(
    { home: openHome(folder) },
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

if (import.meta.main) {
  const [reference = "", folder = ""] = Deno.args;
  await fetchAll(reference, folder);
}
