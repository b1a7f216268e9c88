import { CocoonError } from "../../errors/error.ts";
import { isAtLeast, type Version, versionText } from "../../host/versions.ts";
import type { Host } from "../../plugins/contract.ts";
import type { KrunkitSettings } from "./settings.ts";
import { MINIMUM_VERSION, parseVersion } from "./version.ts";

/** The line that installs krunkit. */
export const INSTALL_LINE = "brew install krunkit";
/** The line that brings the newest one. */
export const UPGRADE_LINE = "brew upgrade krunkit";
/** Milliseconds for `--version`; a first start of a program on macOS is checked by the system. */
const VERSION_TIMEOUT_MS = 20_000;

/** A krunkit that runs on this computer. */
export interface Program {
  path: string;
  version: Version;
}

/** The program's path, if there is one. */
export function findProgram(host: Host, settings: KrunkitSettings): string | undefined {
  return host.which(settings.program ?? "krunkit");
}

/**
 * Finds krunkit and asks its version.
 * @throws {CocoonError} `host-lacks` when it is missing, too old or does not run
 */
export async function requireProgram(host: Host, settings: KrunkitSettings): Promise<Program> {
  const path = findProgram(host, settings);
  if (path === undefined) throw missing(host, settings);
  const result = await host.run([path, "--version"], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = parseVersion(result.stdout);
  if (result.code !== 0 || version === undefined) {
    const said = (result.stderr || result.stdout).trim().split("\n").at(-1);
    throw new CocoonError(
      "host-lacks",
      `krunkit: ${path} --version failed: ${said || `exit status ${result.code}`}`,
      { hint: "Install it anew: brew reinstall krunkit" },
    );
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) {
    throw new CocoonError(
      "host-lacks",
      `krunkit: ${path} is version ${versionText(version)}, ` +
        `needed is ${versionText(MINIMUM_VERSION)} or newer`,
      { hint: UPGRADE_LINE },
    );
  }
  return { path, version };
}

/** The error of a program that is not there. */
export function missing(host: Host, { program }: KrunkitSettings): CocoonError {
  if (program !== undefined) {
    return new CocoonError(
      "host-lacks",
      `krunkit: ${program} is not a program that can be executed`,
      { hint: "Correct `program` in [backends.krunkit]." },
    );
  }
  return host.os === "darwin"
    ? new CocoonError("host-lacks", "krunkit: program not found on PATH", { hint: INSTALL_LINE })
    : new CocoonError("host-lacks", "krunkit: program not found; it exists for macOS only", {
      hint: 'Choose another backend: backend = "qemu"',
    });
}
