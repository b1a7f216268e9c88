import { CocoonError } from "../../errors/error.ts";
import { isAtLeast, type Version, versionText } from "../../host/versions.ts";
import type { Host } from "../../plugins/contract.ts";
import type { VfkitSettings } from "./settings.ts";
import { MINIMUM_VERSION, parseVersion } from "./version.ts";

/** The line that installs vfkit. */
export const INSTALL_LINE = "brew install vfkit";
/** Milliseconds for `--version`; a first start of a program on macOS is checked by the system. */
const VERSION_TIMEOUT_MS = 20_000;

/** A vfkit that runs on this computer. */
export interface Program {
  path: string;
  version: Version;
}

/** The program's path, if there is one. */
export function findProgram(host: Host, settings: VfkitSettings): string | undefined {
  return host.which(settings.program ?? "vfkit");
}

/**
 * Finds vfkit and asks its version.
 * @throws {CocoonError} `host-lacks` when it is missing, too old or does not run
 */
export async function requireProgram(host: Host, settings: VfkitSettings): Promise<Program> {
  const path = findProgram(host, settings);
  if (path === undefined) throw missing(host, settings);
  const result = await host.run([path, "--version"], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = parseVersion(result.stdout);
  if (result.code !== 0 || version === undefined) {
    const said = (result.stderr || result.stdout).trim().split("\n").at(-1);
    throw new CocoonError(
      "host-lacks",
      `vfkit: ${path} --version failed: ${said || `exit status ${result.code}`}`,
      { hint: `Install it anew: ${INSTALL_LINE.replace("install", "reinstall")}` },
    );
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) {
    throw new CocoonError(
      "host-lacks",
      `vfkit: ${path} is version ${versionText(version)}, ` +
        `needed is ${versionText(MINIMUM_VERSION)} or newer`,
      { hint: "brew upgrade vfkit" },
    );
  }
  return { path, version };
}

/** The error of a program that is not there. */
export function missing(host: Host, settings: VfkitSettings): CocoonError {
  if (settings.program !== undefined) {
    return new CocoonError(
      "host-lacks",
      `vfkit: ${settings.program} is not a program that can be executed`,
      { hint: "Correct `program` in [backends.vfkit]." },
    );
  }
  return host.os === "darwin"
    ? new CocoonError("host-lacks", "vfkit: program not found on PATH", { hint: INSTALL_LINE })
    : new CocoonError("host-lacks", "vfkit: program not found; it exists for macOS only", {
      hint: 'Choose another backend: backend = "qemu"',
    });
}
