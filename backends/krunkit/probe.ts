import type { Version } from "../../host/versions.ts";
import type { Host, JsonObject, Machine, Probe } from "../../plugins/contract.ts";
import { type Program, requireProgram } from "./program.ts";
import { krunkitSettings } from "./settings.ts";

/**
 * Finds what a machine's plan needs.
 * @throws {CocoonError} `host-lacks`
 */
export async function probeMachine(
  host: Host,
  _machine: Machine,
  table: JsonObject,
): Promise<Probe> {
  const { path, version } = await requireProgram(host, krunkitSettings.read(table));
  return { program: path, version };
}

/**
 * The probe with its type.
 * @throws {TypeError} for anything that {@linkcode probeMachine} did not make
 */
export function readProbe({ program, version }: Probe): Program {
  const [major, minor, patch] = Array.isArray(version) ? version : [];
  if (
    typeof program !== "string" || typeof major !== "number" || typeof minor !== "number" ||
    typeof patch !== "number"
  ) {
    throw new TypeError("Cannot read the probe of krunkit: it was made by another version");
  }
  const numbers: Version = [major, minor, patch];
  return { path: program, version: numbers };
}
