/** Network configuration lists (CNI specification 1.1, section 1), read from a folder. */
import { CocoonError, messageOf } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Json, JsonObject } from "../../plugins/contract.ts";

/** One list. */
export interface Conflist {
  name: string;
  /** All of the file, for the machine's record: DEL must see what ADD has seen. */
  document: JsonObject;
  /** File name in the folder; empty for one that was read from a record. */
  file: string;
  cniVersion: string;
  /** In order of ADD; each with its `type`. */
  plugins: (JsonObject & { type: string })[];
}

/** What a folder holds; one list that is broken does not keep the others from use. */
export interface Conflists {
  /** By file name. */
  valid: Conflist[];
  broken: { file: string; problem: string }[];
}

/** Versions whose results we read. Before 0.3.0 a result did not say which interface is whose. */
export const KNOWN_VERSIONS: readonly string[] = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/** Reads every `*.conflist` of a folder; a folder that is not there holds none. */
export async function readConflists(folder: string): Promise<Conflists> {
  const found: Conflists = { valid: [], broken: [] };
  for (const file of await conflistNames(folder)) {
    try {
      const conflist = parseConflist(JSON.parse(await Deno.readTextFile(join(folder, file))), file);
      const twin = found.valid.find(({ name }) => name === conflist.name);
      if (twin === undefined) found.valid.push(conflist);
      else {
        const problem = `the network "${conflist.name}" is in ${twin.file} already`;
        found.broken.push({ file, problem });
      }
    } catch (error) {
      found.broken.push({ file, problem: messageOf(error) });
    }
  }
  return found;
}

/**
 * @param document as parsed from a file or a record
 * @throws {CocoonError} `usage` for what is no list that can be used
 */
export function parseConflist(document: Json, file = ""): Conflist {
  const wrong = (problem: string) => new CocoonError("usage", problem);
  if (!isTable(document)) throw wrong("it is no object");
  const { name, plugins } = document;
  // The name becomes part of file names in the plugins' own folders.
  if (typeof name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    throw wrong(`"name" must be letters, digits, "_", "." or "-", got ${JSON.stringify(name)}`);
  }
  if (!Array.isArray(plugins) || plugins.length === 0) throw wrong('"plugins" must be a list');
  return {
    name,
    document,
    file,
    cniVersion: versionOf(document),
    plugins: plugins.map((plugin, index) => {
      const type = isTable(plugin) ? plugin["type"] : undefined;
      if (!isTable(plugin) || typeof type !== "string" || !/^[A-Za-z0-9][\w.-]*$/.test(type)) {
        throw wrong(`plugin ${index + 1}: "type" must be the name of a program`);
      }
      return { ...plugin, type };
    }),
  };
}

/** The newest version of a list that we know. */
function versionOf(document: JsonObject): string {
  const { cniVersion, cniVersions } = document;
  const offered = [cniVersion, ...(Array.isArray(cniVersions) ? cniVersions : [])];
  const known = KNOWN_VERSIONS.filter((version) => offered.includes(version));
  const newest = known.at(-1);
  if (newest !== undefined) return newest;
  throw new CocoonError(
    "usage",
    `"cniVersion" must be one of ${KNOWN_VERSIONS.join(", ")}, got ${JSON.stringify(cniVersion)}`,
  );
}

async function conflistNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".conflist")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** True for a JSON object. */
export function isTable(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
