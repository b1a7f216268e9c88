/** What a machine's record keeps of one card: all that DEL needs, and what the next ADD asks for. */
import type { JsonObject, MachineDirs, Nic } from "../../plugins/contract.ts";
import type { ChainCall } from "./chain.ts";
import { type Conflist, isTable, parseConflist } from "./conflist.ts";
import { firstIpv4, ipOf } from "./result.ts";

/** The state of one card. */
export interface CniState {
  conflist: Conflist;
  binDirs: string[];
  /**
   * The same for the card's life, so that plugins find again what an earlier run left. Each card
   * has its own: the chain of the masquerading rules is named after network and container alone.
   */
  containerId: string;
  /** Name of the machine's network namespace. */
  namespace: string;
  ifName: string;
  tap: string;
  mac: string;
  /** The address that was asked for, with prefix length; absent = whichever is free. */
  wanted?: string;
  /** Result of ADD, as far as it came. */
  result?: JsonObject;
  /** The machine's folder, where plugins are locked. */
  folder: string;
}

/** The state of a card that is about to be attached. */
export function newState(
  machineId: string,
  nic: Nic,
  dirs: MachineDirs,
  how: { conflist: Conflist; binDirs: string[]; wanted: string | undefined },
): CniState {
  const { wanted, ...rest } = how;
  return {
    ...rest,
    containerId: `${machineId}-${nic.index}`,
    namespace: `cocoon-${machineId}`,
    ifName: `eth${nic.index}`,
    tap: `tap${nic.index}`,
    mac: nic.mac,
    ...(wanted === undefined ? {} : { wanted }),
    folder: dirs.data,
  };
}

/** As it is stored. */
export function stateToJson({ conflist, ...state }: CniState): JsonObject {
  return { ...state, conflist: conflist.document };
}

/**
 * From what was stored; undefined where nothing was attached.
 * @throws {CocoonError} `usage` when the stored list of plugins is none
 */
export function stateFromJson(json: JsonObject): CniState | undefined {
  const { conflist, result, wanted } = json;
  if (conflist === undefined) return undefined;
  const text = (key: string) => String(json[key] ?? "");
  const binDirs = Array.isArray(json["binDirs"]) ? json["binDirs"].map(String) : [];
  return {
    conflist: parseConflist(conflist),
    binDirs,
    containerId: text("containerId"),
    namespace: text("namespace"),
    ifName: text("ifName"),
    tap: text("tap"),
    mac: text("mac"),
    ...(typeof wanted === "string" ? { wanted } : {}),
    ...(isTable(result) ? { result } : {}),
    folder: text("folder"),
  };
}

/** The address to ask for next time: the one that there was, else the one that was asked for. */
export function addressToKeep(state: CniState): string | undefined {
  return (state.result && firstIpv4(state.result)?.cidr) ?? state.wanted;
}

/** How the plugins are called for this card. */
export function chainCallOf(
  state: CniState,
  namespacePath: string,
  lockPath: string | undefined,
): ChainCall {
  const { conflist, binDirs, containerId, ifName, mac, wanted } = state;
  // A plugin that declares `ips` must not be told twice: not all of them take both.
  const declared = conflist.plugins.some(({ capabilities }) =>
    isTable(capabilities) && capabilities["ips"] === true
  );
  const ip = wanted === undefined || declared ? "" : `;IP=${ipOf({ cidr: wanted })}`;
  return {
    conflist,
    binDirs,
    containerId,
    namespacePath,
    ifName,
    // Plugins refuse arguments that they don't know, unless they are told not to.
    args: `IgnoreUnknown=1;MAC=${mac}${ip}`,
    capabilityArgs: { mac, ...(wanted === undefined ? {} : { ips: [wanted] }) },
    lockPath,
  };
}
