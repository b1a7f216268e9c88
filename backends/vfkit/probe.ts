import type { Host, JsonObject, Machine, Probe } from "../../plugins/contract.ts";
import type { Version } from "../../host/versions.ts";
import { requireProgram } from "./program.ts";
import { vfkitSettings } from "./settings.ts";

/** Result of {@linkcode probeMachine}, as the plan uses it. */
export interface VfkitProbe {
  /** Absolute path of the program. */
  program: string;
  version: Version;
  /**
   * The EFI variable store is there. vfkit must be told to create one that is not, and then empties
   * one that is: with it would go the guest's boot entries.
   */
  storeExists: boolean;
}

/**
 * Finds what a machine's plan needs.
 * @throws {CocoonError} `host-lacks`
 */
export async function probeMachine(
  host: Host,
  { boot }: Machine,
  table: JsonObject,
): Promise<Probe> {
  const { path, version } = await requireProgram(host, vfkitSettings.read(table));
  const storeExists = boot.kind === "efi" && host.exists(boot.variableStorePath);
  return { program: path, version, storeExists };
}

/**
 * The probe with its type.
 * @throws {TypeError} for anything that {@linkcode probeMachine} did not make
 */
export function readProbe({ program, version, storeExists }: Probe): VfkitProbe {
  const [major, minor, patch] = Array.isArray(version) ? version : [];
  if (
    typeof program !== "string" || typeof storeExists !== "boolean" ||
    typeof major !== "number" || typeof minor !== "number" || typeof patch !== "number"
  ) {
    throw new TypeError("Cannot read the probe of vfkit: it was made by another version");
  }
  return { program, version: [major, minor, patch], storeExists };
}
