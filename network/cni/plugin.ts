/**
 * One call of one plugin (CNI specification 1.1, sections 2 and 5): parameters in the environment,
 * configuration on standard input. A plugin's error is JSON on standard output, as the plugins of
 * the CNI project write it, although the specification's text says standard error.
 */
import { CocoonError } from "../../errors/error.ts";
import type { Host, JsonObject } from "../../plugins/contract.ts";
import { SYSTEM_FOLDERS, toolPath } from "../linux_tools.ts";
import { isTable } from "./conflist.ts";
import { pluginHint, pluginPath } from "./programs.ts";

/** What a plugin is called for. */
export interface PluginCall {
  command: "ADD" | "DEL";
  containerId: string;
  /** Empty for a namespace that is gone, which only DEL may be told. */
  namespacePath: string;
  ifName: string;
  /** `KEY=VALUE;KEY=VALUE`. */
  args: string;
  binDirs: readonly string[];
  /**
   * A file that is locked for as long as the plugin runs: one that outlived its cocoon and one of
   * the next cocoon must not work on the same container at once.
   */
  lockPath: string | undefined;
}

/** Milliseconds for one plugin: address servers may be slow. */
const PLUGIN_TIMEOUT_MS = 60_000;
/** Seconds that a plugin of a cocoon that was killed is waited for. */
const LOCK_TIMEOUT_S = 60;
/** Exit status of flock(1) when it did not get the lock; no plugin has it. */
const LOCK_BUSY = 75;

/**
 * Calls a plugin.
 * @returns its result; an empty object where it has none to give
 * @throws {CocoonError} `host-lacks` when it is not installed, `failed` with its own words
 */
export async function callPlugin(
  host: Host,
  type: string,
  config: JsonObject,
  call: PluginCall,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const path = pluginPath(host, type, call.binDirs);
  if (path === undefined) {
    throw new CocoonError("host-lacks", `CNI plugin ${type}: not in ${call.binDirs.join(", ")}`, {
      hint: pluginHint(type, call.binDirs),
    });
  }
  const { code, stdout, stderr } = await host.run([...locked(host, call.lockPath), path], {
    env: {
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: call.containerId,
      CNI_NETNS: call.namespacePath,
      CNI_IFNAME: call.ifName,
      CNI_ARGS: call.args,
      CNI_PATH: call.binDirs.join(":"),
      // Plugins run iptables and others by name.
      PATH: [host.env("PATH") || "/usr/bin:/bin", ...SYSTEM_FOLDERS].join(":"),
    },
    stdin: JSON.stringify(config),
    timeoutMs: PLUGIN_TIMEOUT_MS + LOCK_TIMEOUT_S * 1000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (code === LOCK_BUSY && call.lockPath !== undefined) {
    throw new CocoonError("failed", `CNI plugin ${type}: another one works on this machine still`, {
      hint: "Try again; if it lasts, look for a plugin that hangs (ps).",
    });
  }
  const answer = parsed(stdout);
  if (code === 0 && (answer !== undefined || stdout.trim() === "")) return answer ?? {};
  throw new CocoonError(
    "failed",
    `CNI plugin ${type}: ${call.command}: ${complaint(answer, code, stdout, stderr)}`,
  );
}

/** Without a fork, so that a deadline ends the plugin and not only what holds its lock. */
function locked(host: Host, lockPath: string | undefined): [string, ...string[]] | [] {
  if (lockPath === undefined) return [];
  const wait = ["--timeout", `${LOCK_TIMEOUT_S}`, "--conflict-exit-code", `${LOCK_BUSY}`];
  return [toolPath(host, "flock"), "--no-fork", ...wait, lockPath];
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text);
    return isTable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What went wrong: message, details and code of the specification's error, or all there is. */
function complaint(
  answer: JsonObject | undefined,
  code: number,
  stdout: string,
  stderr: string,
): string {
  const said = stderr.trim() || stdout.trim() || "it said nothing";
  if (answer === undefined || typeof answer["msg"] !== "string") return `status ${code}; ${said}`;
  const details = typeof answer["details"] === "string" && answer["details"] !== ""
    ? `: ${answer["details"]}`
    : "";
  return `${answer["msg"].trim()}${details} (code ${answer["code"]})`;
}
