/** Homes of a played Mac with networks of vmnet-helper's stand-in, in a network of their own. */
import { STAND_IN as KRUNKIT } from "../stand_ins/krunkit_lib/testing.ts";
import { type OwnNetwork, ownNetwork } from "./own_network.ts";
import { type VfkitHome, vfkitHome } from "./vfkit.ts";

/** The stand-in; not the real program's path, as it has no other. */
export const VMNET_HELPER = new URL("../stand_ins/vmnet-helper", import.meta.url).pathname;

/** A home on a played Mac. */
export interface VmnetHome extends VfkitHome {
  /** What plays the Mac's own network: its bridges are in there, and what reaches its guests. */
  network: OwnNetwork;
  /** Process ids of the helpers that run for it. */
  helpers(): number[];
}

/**
 * Makes one.
 * @param networks their tables by name, without provider, program and file of leases
 */
export async function vmnetHome(
  networks: Record<string, string>,
  env: Record<string, string> = {},
): Promise<VmnetHome> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await ownNetwork());
  const home = stack.use(
    await vfkitHome({
      architecture: "amd64",
      env,
      wrapper: ["nsenter", `--net=/run/netns/${network.name}`, "--"],
      config: (leases) =>
        `[backends.krunkit]\nprogram = "${KRUNKIT}"\narchitecture = "x86_64"\n` +
        Object.entries(networks).map(([name, table]) =>
          `[networks.${name}]\nprovider = "vmnet-helper"\nleases_file = "${leases}"\n` +
          `${table.includes("program =") ? "" : `program = "${VMNET_HELPER}"\n`}${table}\n`
        ).join(""),
    }),
  );
  const owned = stack.move();
  return {
    ...home,
    network,
    helpers: () =>
      home.home.processes().filter(({ command }) => command.includes("/vmnet_helper_lib/main.ts "))
        .map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Names of the cards on vmnet that are there now; each is a helper's. */
export async function cardsOf({ network }: VmnetHome): Promise<string[]> {
  const links: { ifname: string }[] = JSON.parse(await network.run("ip", "-json", "link"));
  return links.map(({ ifname }) => ifname).filter((name) => name.startsWith("vmenet"));
}
