/** Where the programs of plugins are. */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Host } from "../../plugins/contract.ts";
import { type Conflist, isTable } from "./conflist.ts";

/** The program of a plugin type, from the first folder that has it. */
export function pluginPath(
  host: Host,
  type: string,
  binDirs: readonly string[],
): string | undefined {
  return binDirs.map((folder) => host.which(join(folder, type))).find((path) => path !== undefined);
}

/** What to do about a plugin that is not there. */
export function pluginHint(type: string, binDirs: readonly string[]): string {
  return `Install the CNI plugins (on Debian: sudo apt install containernetworking-plugins), ` +
    `or put ${type} into ${binDirs.join(" or ")}`;
}

/** Plugins of a list, and the plugins that those call for addresses. */
export function programsOf({ plugins }: Conflist): string[] {
  const types = plugins.flatMap(({ type, ipam }) =>
    isTable(ipam) && typeof ipam["type"] === "string" && ipam["type"] !== ""
      ? [type, ipam["type"]]
      : [type]
  );
  return [...new Set(types)];
}

/** Those of `programsOf` that are in no folder. */
export function missingPrograms(
  host: Host,
  conflist: Conflist,
  binDirs: readonly string[],
): string[] {
  return programsOf(conflist).filter((type) => pluginPath(host, type, binDirs) === undefined);
}

/**
 * Before anything is made: a plugin that is found missing in the middle could not undo either.
 * @throws {CocoonError} `host-lacks`
 */
export function requirePrograms(host: Host, conflist: Conflist, binDirs: readonly string[]): void {
  const [missing] = missingPrograms(host, conflist, binDirs);
  if (missing === undefined) return;
  throw new CocoonError(
    "host-lacks",
    `CNI network "${conflist.name}": its plugin ${missing} is not in ${binDirs.join(", ")}`,
    { hint: pluginHint(missing, binDirs) },
  );
}
