import { CocoonError } from "../../errors/error.ts";
import type { Architecture, Host } from "../../plugins/contract.ts";
import { installLine } from "./packages.ts";
import { type QemuSettings, settingsFor } from "./settings.ts";
import { isAtLeast, parseVersion, type Version, versionText } from "./version.ts";

/** Oldest QEMU taken: that of Ubuntu 22.04, the oldest distribution in wide use that boots all. */
export const MINIMUM_VERSION: Version = [6, 2, 0];

/** A QEMU program that runs on this computer. */
export interface Program {
  path: string;
  version: Version;
  /** It was built with seccomp, so that `-sandbox` is understood. */
  sandbox: boolean;
}

/** The program's path, if there is one. */
export function findProgram(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
): string | undefined {
  const chosen = settingsFor(settings, architecture).program;
  if (chosen !== undefined) return host.which(chosen);
  const found = host.which(`qemu-system-${architecture}`);
  if (found !== undefined) return found;
  // RHEL and its rebuilds have one program, for guests of their own architecture, not on PATH.
  return architecture === host.architecture ? host.which("/usr/libexec/qemu-kvm") : undefined;
}

/**
 * Finds the program and asks its version.
 * @throws {CocoonError} `host-lacks` when it is missing, too old or does not run
 */
export async function requireProgram(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
): Promise<Program> {
  const path = findProgram(host, architecture, settings);
  if (path === undefined) {
    throw missing(host, architecture, settings);
  }
  // QEMU takes its options in order and ends at --version: one run answers both questions.
  const sandboxed = host.os === "linux"
    ? await host.run([path, "-sandbox", "on", "--version"], { timeoutMs: 10_000 })
    : undefined;
  const sandbox = sandboxed?.code === 0;
  const result = sandboxed !== undefined && sandbox
    ? sandboxed
    : await host.run([path, "--version"], { timeoutMs: 10_000 });
  const version = parseVersion(result.stdout);
  if (result.code !== 0 || version === undefined) {
    throw new CocoonError(
      "host-lacks",
      `qemu: ${path} --version failed: ${lastLine(result.stderr) ?? `exit status ${result.code}`}`,
      { hint: installLine(host, architecture, ["program", "firmware"]) },
    );
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) {
    throw new CocoonError(
      "host-lacks",
      `qemu: ${path} is version ${versionText(version)}, ` +
        `needed is ${versionText(MINIMUM_VERSION)} or newer`,
      { hint: "upgrade QEMU, or set `program` in [backends.qemu] to a newer one" },
    );
  }
  return { path, version, sandbox };
}

/** The error of a program that is not there. */
export function missing(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
): CocoonError {
  const chosen = settingsFor(settings, architecture).program;
  return new CocoonError(
    "host-lacks",
    chosen === undefined
      ? `qemu: no program for ${architecture} guests (qemu-system-${architecture}) on PATH`
      : `qemu: ${chosen} is not a program that can be executed`,
    {
      hint: chosen === undefined
        ? installLine(host, architecture, ["program", "firmware"])
        : "correct `program` in [backends.qemu]",
    },
  );
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1) || undefined;
}
