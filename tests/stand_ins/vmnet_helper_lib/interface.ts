/** Starts and stops a vmnet interface: a card of this namespace, on the bridge of its network. */
import { StandInError } from "../mac_lib/error.ts";
import type { StandInOptions } from "./environment.ts";
import { VmnetError } from "./error.ts";
import { dotted, prefixLength, type Subnet } from "./ipv4.ts";
import { change, exclusively, type Link, links, requireOwnNamespace } from "./links.ts";
import {
  abandoned,
  bridgeAlias,
  choose,
  type Network,
  portAlias,
  readBridge,
  readPort,
  type Wanted,
} from "./network.ts";
import { openTap, type Tap } from "./tap.ts";

/** A started interface. */
export interface VmnetInterface {
  tap: Tap;
  /** None when bridged. */
  network?: Network & { subnet: Subnet };
  stop(): Promise<void>;
}

/** macOS's own names. */
const CARD_NAMES = "vmenet%d";
const FIRST_BRIDGE = 100;

/**
 * @param call the framework's function, for its errors
 * @returns `conflict` where another network is in the way
 * @throws {VmnetError} where vmnet refuses
 */
export async function startInterface(
  call: string,
  wanted: Wanted,
  isolated: boolean,
  options: StandInOptions,
): Promise<VmnetInterface | "conflict"> {
  requireOwnNamespace();
  return await exclusively(async () => {
    const all = await sweep();
    const plan = wanted.kind === "bridged"
      ? bridgedPlan(call, wanted.to, all, options)
      : subnetPlan(wanted, all);
    if (plan === "conflict") return plan;
    const tap = openTap(CARD_NAMES);
    await change([
      ...plan.commands,
      `link set dev ${tap.name} alias "${portAlias(new Map())}" addrgenmode none`,
      `link set dev ${tap.name} master ${plan.bridge}`,
      ...(isolated ? [`link set dev ${tap.name} type bridge_slave isolated on`] : []),
      `link set dev ${tap.name} up`,
    ]);
    const { network } = plan;
    return {
      tap,
      ...(network === undefined ? {} : { network }),
      stop: () => stop(tap),
    };
  });
}

interface Plan {
  bridge: string;
  commands: string[];
  network?: Network & { subnet: Subnet };
}

/** Removes the networks that nobody uses any more, and returns what there is. */
async function sweep(): Promise<Link[]> {
  const all = await links();
  const old = abandoned(all);
  if (old.length === 0) return all;
  await change(old.map((bridge) => `link delete dev ${bridge}`));
  return await links();
}

async function stop(tap: Tap): Promise<void> {
  await exclusively(async () => {
    // Not closed: a thread may wait for it, and its number would be somebody else's.
    tap.stopped = true;
    if ((await links()).some(({ ifname }) => ifname === tap.name)) {
      await change([`link delete dev ${tap.name}`]);
    }
    await sweep();
  });
}

function subnetPlan(
  wanted: Extract<Wanted, { kind: "subnet" }>,
  all: readonly Link[],
): Plan | "conflict" {
  const networks = all.flatMap((link) => readBridge(link) ?? []);
  const chosen = choose(wanted, networks);
  if (chosen === "conflict") return chosen;
  if ("bridge" in chosen) {
    const { subnet } = chosen;
    if (subnet === undefined) throw new StandInError(`${chosen.bridge} has no addresses`);
    return { bridge: chosen.bridge, commands: [], network: { ...chosen, subnet } };
  }
  const network = {
    bridge: freeBridge(all),
    name: wanted.name,
    subnet: chosen,
    chosen: wanted.subnet === undefined,
    mac: randomMac(),
  };
  const { bridge } = network;
  const prefix = prefixLength(chosen.mask);
  return {
    bridge,
    network,
    commands: [
      ...newBridge(bridge, bridgeAlias(network), network.mac),
      `address add ${dotted(chosen.gateway)}/${prefix} broadcast + dev ${bridge}`,
      `link set dev ${bridge} up`,
    ],
  };
}

/** What is no bridge itself is made a port of a new one. */
function bridgedPlan(
  call: string,
  name: string,
  all: readonly Link[],
  options: StandInOptions,
): Plan {
  const link = all.find(({ ifname }) => ifname === name);
  if (link === undefined || !sharedInterfaces(all, options).includes(name)) {
    throw new VmnetError(call, "VMNET_FAILURE");
  }
  if (link.linkinfo?.info_kind === "bridge") return { bridge: name, commands: [] };
  const master = all.find(({ ifname }) => ifname === link.master);
  if (master !== undefined) {
    if (readBridge(master) !== undefined) return { bridge: master.ifname, commands: [] };
    throw new StandInError(`${name} is a port of ${master.ifname} already`);
  }
  const bridge = freeBridge(all);
  const alias = bridgeAlias({ name, chosen: false });
  return {
    bridge,
    commands: [
      ...newBridge(bridge, alias, randomMac()),
      `link set dev ${name} master ${bridge}`,
      `link set dev ${bridge} up`,
    ],
  };
}

/** Frames pass at once, and none are of its own making. */
function newBridge(bridge: string, alias: string, mac: string): string[] {
  return [
    `link add name ${bridge} address ${mac} type bridge forward_delay 0 mcast_snooping 0`,
    `link set dev ${bridge} alias "${alias}" addrgenmode none`,
  ];
}

function freeBridge(all: readonly Link[]): string {
  const taken = new Set(all.map(({ ifname }) => ifname));
  let number = FIRST_BRIDGE;
  while (taken.has(`bridge${number}`)) number++;
  return `bridge${number}`;
}

/** What `--list-shared-interfaces` lists. */
export function sharedInterfaces(
  all: readonly Link[],
  { interfaces }: StandInOptions,
): readonly string[] {
  return interfaces ?? all
    .filter((link) => readBridge(link) === undefined && readPort(link) === undefined)
    .map(({ ifname }) => ifname).filter((name) => name !== "lo");
}

function randomMac(): string {
  return macOf(crypto.getRandomValues(new Uint8Array(6)));
}

/** The first bytes as a locally administered address of one card. */
export function macOf(bytes: Uint8Array): string {
  const own = Uint8Array.from(bytes.subarray(0, 6));
  own[0] = ((own[0] ?? 0) | 2) & 0xfe;
  return [...own].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
