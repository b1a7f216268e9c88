/** Programs of iproute2 and util-linux, which make interfaces and namespaces. */
import { CocoonError } from "../errors/error.ts";
import type { Finding, Host } from "../plugins/contract.ts";

/** Program and the package that has it, which is named alike on every distribution. */
const PACKAGES = { ip: "iproute2", tc: "iproute2", nsenter: "util-linux", flock: "util-linux" };

/** A program that network providers use. */
export type Tool = keyof typeof PACKAGES;

/** Folders that are not on every account's PATH. */
export const SYSTEM_FOLDERS = ["/usr/sbin", "/sbin"];

/**
 * The path of a tool.
 * @throws {CocoonError} `host-lacks`, with the line that installs it
 */
export function toolPath(host: Host, tool: Tool): string {
  const path = findTool(host, tool);
  if (path !== undefined) return path;
  throw new CocoonError("host-lacks", `the program ${tool} is not installed`, {
    hint: installLine(tool),
  });
}

/** What is missing of `tools`, for doctor. */
export function missingTools(host: Host, tools: readonly Tool[]): Finding[] {
  return tools.filter((tool) => findTool(host, tool) === undefined).map((tool) => ({
    level: "error",
    subject: tool,
    message: "not installed",
    fix: installLine(tool),
  }));
}

/** What a tool is given besides its arguments. */
export interface ToolOptions {
  stdin?: string;
  signal?: AbortSignal;
}

/**
 * Runs a tool; answers its output.
 * @throws {CocoonError} `failed` with the tool's own words
 */
export async function runTool(
  host: Host,
  tool: Tool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await host.run([toolPath(host, tool), ...args], options);
  if (code === 0) return stdout;
  const why = stderr.trim() || stdout.trim() || `status ${code}`;
  throw new CocoonError("failed", `${tool} ${args.join(" ")}: ${why}`);
}

/** @throws {CocoonError} `host-lacks` when this is not root: only root makes interfaces */
export function requireRoot(network: string): void {
  if (Deno.uid() === 0) return;
  throw new CocoonError("host-lacks", `network "${network}": only root can make its interfaces`, {
    hint: "Run cocoon as root, or use the network provider nat, which needs no privilege.",
  });
}

function findTool(host: Host, tool: Tool): string | undefined {
  return host.which(tool) ??
    SYSTEM_FOLDERS.map((folder) => host.which(`${folder}/${tool}`)).find((path) => path);
}

function installLine(tool: Tool): string {
  return `Install the package ${PACKAGES[tool]}, on Debian: sudo apt install ${PACKAGES[tool]}`;
}
