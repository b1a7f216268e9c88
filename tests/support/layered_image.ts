/** The guest of layers, published in a registry of the test's own. */
import { gzip, imageParts, writeLayout } from "../../images/oci/testing/parts.ts";
import { buildLayers } from "../guests/layers/build.ts";
import type { MachineJson } from "./machines.ts";
import { type Registry, skopeo } from "./registry.ts";

/** Publishes the guest, for x86_64, and returns its reference. */
export async function publishLayers(registry: Registry): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const { base, top } = await buildLayers(directory);
    const layers = await Promise.all([base, top].map(async (path) => ({
      bytes: await gzip(await Deno.readFile(path)),
    })));
    await writeLayout(`${directory}/layout`, "guest", await imageParts({ layers }));
    const reference = `${registry.host}/team/guest:1`;
    await skopeo(
      ...["copy", "--dest-tls-verify=false"],
      ...[`oci:${directory}/layout:guest`, `docker://${reference}`],
    );
    return reference;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Paths of a machine's disks of one role, in order. */
export function pathsOf({ disks }: MachineJson, role: string): string[] {
  return disks.filter((disk) => disk.role === role).map(({ path }) => path);
}
