/** All plugins of a network, in order (CNI specification 1.1, section 3). */
import { messageOf } from "../../errors/error.ts";
import type { Host, JsonObject } from "../../plugins/contract.ts";
import { type Conflist, isTable } from "./conflist.ts";
import { callPlugin, type PluginCall } from "./plugin.ts";

/** A container's part in a network; ADD and DEL of it must be given the same. */
export interface ChainCall extends Omit<PluginCall, "command"> {
  conflist: Conflist;
  /** What plugins are told that declare the capability, by its name. */
  capabilityArgs: JsonObject;
}

/**
 * Adds the container; each plugin gets the result of the one before it.
 * @param onResult told of the result so far after each plugin
 * @returns the last plugin's result
 * @throws {CocoonError} of the plugin that failed; the caller must then call `deleteChain`
 */
export async function addChain(
  host: Host,
  call: ChainCall,
  onResult: (result: JsonObject) => void,
  signal: AbortSignal,
): Promise<JsonObject> {
  let result: JsonObject | undefined;
  for (const plugin of call.conflist.plugins) {
    const config = configOf(plugin, call, result);
    result = await callPlugin(host, plugin.type, config, { ...call, command: "ADD" }, signal);
    onResult(result);
  }
  return result ?? {};
}

/**
 * Deletes the container, the last plugin first. All are called, also when one fails.
 * @param result what `addChain` gave, as far as it came
 * @returns what went wrong, one sentence each
 */
export async function deleteChain(
  host: Host,
  call: ChainCall,
  result: JsonObject | undefined,
): Promise<string[]> {
  const problems: string[] = [];
  for (const plugin of call.conflist.plugins.toReversed()) {
    try {
      const config = configOf(plugin, call, result);
      await callPlugin(host, plugin.type, config, { ...call, command: "DEL" });
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return problems;
}

/** A plugin's configuration; keys that we do not know go through as they are. */
function configOf(
  plugin: JsonObject,
  { conflist, capabilityArgs }: ChainCall,
  prevResult: JsonObject | undefined,
): JsonObject {
  const { capabilities, ...config } = plugin;
  const wanted = Object.entries(capabilityArgs)
    .filter(([name]) => isTable(capabilities) && capabilities[name] === true);
  return {
    ...config,
    cniVersion: conflist.cniVersion,
    name: conflist.name,
    ...(wanted.length > 0 ? { runtimeConfig: Object.fromEntries(wanted) } : {}),
    ...(prevResult === undefined ? {} : { prevResult }),
  };
}
