import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Architecture, Finding, Host, JsonObject } from "../../plugins/contract.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { findFirmware } from "./firmware.ts";
import { findProgram, type Program, requireProgram } from "./program.ts";
import { type QemuSettings, readSettings } from "./settings.ts";
import { versionText } from "./version.ts";

/**
 * Looks for what machines of this computer's architecture need; of the other one only if its
 * program is installed. The accelerator is proved anew. Never rejects.
 */
export async function checkHost(host: Host, table: JsonObject): Promise<Finding[]> {
  const settings = readSettings(table);
  const findings = await checkArchitecture(host, host.architecture, settings);
  const foreign = host.architecture === "x86_64" ? "aarch64" : "x86_64";
  if (findProgram(host, foreign, settings) !== undefined) {
    findings.push(...await checkArchitecture(host, foreign, settings));
  }
  return findings;
}

async function checkArchitecture(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
): Promise<Finding[]> {
  const subject = `qemu-system-${architecture}`;
  let program: Program;
  try {
    program = await requireProgram(host, architecture, settings);
  } catch (error) {
    return [failure(subject, error)];
  }
  const message = `${versionText(program.version)} at ${program.path}`;
  return [
    { level: "ok", subject, message },
    firmwareFinding(host, architecture, settings, program),
    await acceleratorFinding(host, architecture, settings, program),
  ];
}

function firmwareFinding(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
  program: Program,
): Finding {
  const subject = `UEFI firmware for ${architecture}`;
  try {
    const { code } = findFirmware({ host, architecture, settings, program: program.path });
    return { level: "ok", subject, message: code };
  } catch (error) {
    return failure(subject, error);
  }
}

async function acceleratorFinding(
  host: Host,
  architecture: Architecture,
  settings: QemuSettings,
  program: Program,
): Promise<Finding> {
  const subject = `accelerator for ${architecture}`;
  try {
    const choice = await chooseAccelerator(host, architecture, program, settings, { fresh: true });
    const message = `${choice.accelerator}: ${choice.reason}`;
    // Emulation is the only way for a foreign guest, and no surprise to who asked for it.
    const expected = choice.accelerator !== "tcg" || architecture !== host.architecture ||
      settings.accelerator === "tcg";
    return { level: expected ? "ok" : "warning", subject, message };
  } catch (error) {
    return failure(subject, error);
  }
}

function failure(subject: string, error: unknown): Finding {
  const fix = error instanceof CocoonError ? error.hint : undefined;
  return {
    level: "error",
    subject,
    message: messageOf(error),
    ...(fix === undefined ? {} : { fix }),
  };
}
