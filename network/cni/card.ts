/** One card of a machine: made in the machine's namespace, and unmade from what was stored. */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Host, JsonObject } from "../../plugins/contract.ts";
import { deleteLink, inside, ipBatch, listLinks } from "../linux_links.ts";
import {
  ensureNamespace,
  namespaceExists,
  namespacePath,
  removeNamespace,
  setIpv6,
} from "../linux_namespace.ts";
import { claimCard, joinTap } from "../linux_redirect.ts";
import { runTool } from "../linux_tools.ts";
import { addChain, type ChainCall, deleteChain } from "./chain.ts";
import { addressesOf } from "./result.ts";
import { chainCallOf, type CniState } from "./state.ts";

/** Interfaces that are ours; others come with the namespace (`lo`, tunnels of loaded modules). */
const OUR_INTERFACE = /^(eth|tap)\d+$/;

/**
 * Adds the card to the network and joins a TAP to it. On failure the caller calls
 * {@linkcode removeCard}.
 * @param onState told of each state before what follows from it is done
 * @returns the state with the plugins' result, and the card's MTU in bytes
 */
export async function makeCard(
  host: Host,
  state: CniState,
  onState: (state: CniState) => void,
  signal: AbortSignal,
): Promise<{ state: CniState & { result: JsonObject }; mtuBytes: number }> {
  const { namespace, ifName, tap, mac } = state;
  onState(state);
  await setMark(host, state);
  await ensureNamespace(host, namespace, { signal });
  const onResult = (result: JsonObject) => onState({ ...state, result });
  const result = await addChain(host, callOf(host, state, true), onResult, signal);
  const mtuBytes = await claimCard(host, namespace, ifName, mac, { signal });
  await joinTap(host, { namespace, card: ifName, tap }, mtuBytes, { signal });
  return { state: { ...state, result }, mtuBytes };
}

/**
 * Undoes `makeCard`, from any point of it and any number of times. The plugins come first: some of
 * them find their firewall rules by the addresses that the card still has, and leave them behind
 * for ever where the card or its namespace is gone.
 * @throws {CocoonError} `failed` with all that went wrong; the namespace is kept for the next try
 */
export async function removeCard(host: Host, state: CniState): Promise<void> {
  if (isAllRemoved(host, state)) return;
  const { namespace, tap, ifName, result } = state;
  // Not before a plugin that outlived its cocoon has ended: it may still make the card.
  await waitForPlugin(host, state);
  const there = await namespaceExists(host, namespace);
  if (there) await deleteLink(host, tap, namespace);
  const cardThere = there && await hasCard(host, state);
  if (cardThere && result !== undefined) await restoreAddresses(host, state, result);
  const problems = await deleteChain(host, callOf(host, state, there), result);
  if (problems.length > 0) {
    throw new CocoonError(
      "failed",
      `CNI network "${state.conflist.name}": ${state.containerId} is not all removed: ` +
        problems.join("; "),
      { hint: "Mend that; the next start or removal of the machine tries again." },
    );
  }
  if (!cardThere && result !== undefined) await removeOrphanedRules(host, state, result);
  if (await namespaceExists(host, namespace)) {
    // Of a plugin that does not remove what it made.
    await deleteLink(host, ifName, namespace);
    const left = await listLinks(host, namespace);
    if (!left.some(({ name }) => OUR_INTERFACE.test(name))) await removeNamespace(host, namespace);
  } else await removeNamespace(host, namespace);
  await removeMark(state);
}

/**
 * Somebody has removed the card, and firewall rules may be left that only a card with their address
 * leads to. After a restart of this computer, or a removal that was killed in the middle, there are
 * none, and a plugin that looks for them fails: its complaint is worth nothing.
 */
async function removeOrphanedRules(
  host: Host,
  state: CniState,
  result: JsonObject,
): Promise<void> {
  const { namespace, ifName } = state;
  await ensureNamespace(host, namespace);
  // Any interface will do; of this kind we know that the kernel has it.
  await ipBatch(host, [`tuntap add dev ${ifName} mode tap`], namespace);
  await restoreAddresses(host, state, result);
  await deleteChain(host, callOf(host, state, true), result);
}

/** Gives the card the addresses of the result that it has lost with IPv6. */
async function restoreAddresses(host: Host, state: CniState, result: JsonObject): Promise<void> {
  const { namespace, ifName } = state;
  const args = [...inside(namespace), "-oneline", "address", "show", "dev", ifName];
  const present = (await runTool(host, "ip", args)).split(/\s+/);
  const missing = addressesOf(result).map(({ cidr }) => cidr)
    .filter((cidr) => !present.includes(cidr));
  if (missing.length === 0) return;
  if (missing.some((cidr) => cidr.includes(":"))) {
    await setIpv6(host, namespace, [ifName], true);
  }
  const lines = missing.map((cidr) =>
    `address add ${cidr} dev ${ifName}${cidr.includes(":") ? " nodad" : ""}`
  );
  await ipBatch(host, lines, namespace);
}

async function hasCard(host: Host, { namespace, ifName }: CniState): Promise<boolean> {
  return (await listLinks(host, namespace)).some(({ name }) => name === ifName);
}

async function waitForPlugin(host: Host, state: CniState): Promise<void> {
  const lock = lockOf(host, state);
  if (lock === undefined) return;
  await runTool(host, "flock", ["--timeout", "25", lock, "true"]);
}

function callOf(host: Host, state: CniState, withNamespace: boolean): ChainCall {
  const path = withNamespace ? namespacePath(state.namespace) : "";
  return chainCallOf(state, path, lockOf(host, state));
}

/** The machine's folder is gone when a removal is finished from the record alone. */
function lockOf(host: Host, { folder }: CniState): string | undefined {
  return host.exists(folder) ? join(folder, "cni.lock") : undefined;
}

/**
 * There is a mark in the machine's folder from before the first step to after the last, so that the
 * removal that follows each stop is not done again by each start.
 */
function isAllRemoved(host: Host, state: CniState): boolean {
  return host.exists(state.folder) && !host.exists(markOf(state));
}

async function setMark(host: Host, state: CniState): Promise<void> {
  if (!host.exists(state.folder)) return;
  using file = await Deno.open(markOf(state), { create: true, write: true, mode: 0o600 });
  await file.sync();
}

async function removeMark(state: CniState): Promise<void> {
  try {
    await Deno.remove(markOf(state));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function markOf({ folder, ifName }: CniState): string {
  return join(folder, `cni-${ifName}.attached`);
}
