/**
 * Network provider `cni`: cards from plugins of the Container Network Interface (Linux, root). Each
 * machine has a network namespace, in which a plugin puts one end of what it makes; a TAP beside
 * it is joined to that end, and the hypervisor runs in the namespace. The guest has the MAC and the
 * addresses of that end.
 */
import { CocoonError } from "../../errors/error.ts";
import type { AttachRequest, AttachResult, NetworkProvider } from "../../plugins/contract.ts";
import { namespacePath } from "../linux_namespace.ts";
import { requireRoot } from "../linux_tools.ts";
import { requirePrograms } from "./programs.ts";
import { firstIpv4, guestNetworkOf, ipOf } from "./result.ts";
import { cniSettings } from "./settings.ts";
import { addressToKeep, type CniState, newState, stateFromJson, stateToJson } from "./state.ts";

const provider: NetworkProvider = {
  kind: "network",
  name: "cni",
  summary: "networks of CNI plugins, with an address for each machine (Linux, root)",
  settingsSchema: cniSettings,
  attachmentKinds: (host) => host.os === "linux" ? ["tap"] : [],
  // The guest's own address leads to all of its ports.
  forwardsPorts: false,
  async check(host, settings) {
    const { checkCni } = await import("./check.ts");
    return await checkCni(host, cniSettings.read(settings));
  },
  attach,
  async detach(host, json) {
    const state = stateFromJson(json);
    if (state === undefined) return;
    const { removeCard } = await import("./card.ts");
    await removeCard(host, state);
  },
  address(_host, _nic, json) {
    const result = stateFromJson(json)?.result;
    const address = result && firstIpv4(result);
    if (address === undefined) return Promise.resolve(undefined);
    const ip = ipOf(address);
    return Promise.resolve({ ip, ssh: { host: ip, port: 22 } });
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { host, machine, nic, dirs, accepts, dryRun, signal } = request;
  signal.throwIfAborted();
  if (host.os !== "linux" || !accepts.includes("tap")) {
    throw new CocoonError("usage", `network "${nic.network}": the backend takes no TAP interface`, {
      hint: "Choose another backend or another network provider.",
    });
  }
  const settings = cniSettings.read(request.settings);
  const previous = request.previous === undefined ? undefined : stateFromJson(request.previous);
  const { readConflists } = await import("./conflist.ts");
  const { chooseConflist } = await import("./choose.ts");
  const conflist = chooseConflist(await readConflists(settings.conf_dir), {
    network: nic.network,
    folder: settings.conf_dir,
    wanted: settings.network,
    previous: previous?.conflist.name,
  });
  const state = newState(machine.id, nic, dirs, {
    conflist,
    binDirs: settings.bin_dirs,
    // An address of another network is of no use in this one.
    wanted: previous?.conflist.name === conflist.name ? addressToKeep(previous) : undefined,
  });
  if (dryRun) return resultOf(state, undefined);
  requireRoot(nic.network);
  requirePrograms(host, conflist, settings.bin_dirs);
  const { removeCard } = await import("./card.ts");
  // After a crash or a restart of this computer the plugins still know the old card.
  if (previous !== undefined) await removeCard(host, previous);
  const { state: made, mtuBytes } = await makeOrUndo(request, state);
  return resultOf(made, guestNetworkOf(made.result, mtuBytes));
}

/** Asks for the address of before; when another machine has got it meanwhile, for any. */
async function makeOrUndo(request: AttachRequest, state: CniState) {
  const { host, record, signal } = request;
  const { makeCard, removeCard } = await import("./card.ts");
  try {
    return await makeCard(host, state, (now) => record(stateToJson(now)), signal);
  } catch (error) {
    try {
      await removeCard(host, state);
    } catch {
      // The first failure is the one to tell. The state is recorded, so that it is undone with the
      // failed start, which then reports what stands in the way.
      throw error;
    }
    if (signal.aborted || state.wanted === undefined) throw error;
    const { wanted: _taken, ...anyAddress } = state;
    return await makeOrUndo(request, anyAddress);
  }
}

function resultOf(state: CniState, guest: AttachResult["guest"]): AttachResult {
  const { namespace, tap } = state;
  return {
    attachment: { kind: "tap", interface: tap, namespacePath: namespacePath(namespace) },
    state: stateToJson(state),
    companions: [],
    links: [],
    ...(guest === undefined ? {} : { guest }),
  };
}
