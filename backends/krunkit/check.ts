import { CocoonError, messageOf } from "../../errors/error.ts";
import { isAtLeast, versionText } from "../../host/versions.ts";
import type { Finding, Host, JsonObject } from "../../plugins/contract.ts";
import { entitlementFinding } from "../entitlements.ts";
import { parseMacosVersion } from "../../host/macos_version.ts";
import { ENTITLEMENT, ENTITLEMENT_FIX } from "./failures.ts";
import { type Program, requireProgram, UPGRADE_LINE } from "./program.ts";
import { krunkitSettings } from "./settings.ts";
import { MANY_CPUS_VERSION, OLD_MAX_CPUS } from "./version.ts";

/** First macOS whose Hypervisor.framework has all that libkrun uses. */
const MINIMUM_MACOS = 14;

/** Looks for everything that machines under krunkit need on this computer. Never rejects. */
export async function checkHost(host: Host, table: JsonObject): Promise<Finding[]> {
  let program: Program;
  try {
    program = await requireProgram(host, krunkitSettings.read(table));
  } catch (error) {
    const fix = error instanceof CocoonError ? error.hint : undefined;
    return [{ level: "error", subject: "krunkit", message: messageOf(error), ...(fix && { fix }) }];
  }
  const findings = [versionFinding(program)];
  // The rest asks programs that only macOS has.
  if (host.os !== "darwin") return findings;
  return [
    ...findings,
    processorFinding(host),
    await attempt(() => macosFinding(host)),
    await attempt(() =>
      entitlementFinding(host, program.path, {
        subject: "krunkit's signature",
        entitlement: ENTITLEMENT,
        fix: ENTITLEMENT_FIX,
      })
    ),
  ];
}

function versionFinding({ path, version }: Program): Finding {
  const subject = "krunkit";
  const message = `${versionText(version)} at ${path}`;
  if (isAtLeast(version, MANY_CPUS_VERSION)) return { level: "ok", subject, message };
  return {
    level: "warning",
    subject,
    message: `${message}; before ${versionText(MANY_CPUS_VERSION)} a machine has at most ` +
      `${OLD_MAX_CPUS} CPUs`,
    fix: UPGRADE_LINE,
  };
}

function processorFinding({ architecture }: Host): Finding {
  const subject = "processor";
  if (architecture === "aarch64") return { level: "ok", subject, message: "Apple silicon" };
  return {
    level: "error",
    subject,
    message: "Intel; krunkit runs on Apple silicon only",
    fix: 'Choose another backend: backend = "vfkit"',
  };
}

async function macosFinding(host: Host): Promise<Finding> {
  const subject = "macOS";
  const { stdout } = await host.run(["sw_vers", "-productVersion"]);
  const version = parseMacosVersion(stdout);
  if (version === undefined) {
    return { level: "warning", subject, message: `unknown version: ${stdout.trim()}` };
  }
  if (version[0] >= MINIMUM_MACOS) return { level: "ok", subject, message: stdout.trim() };
  return {
    level: "error",
    subject,
    message: `${stdout.trim()}; krunkit needs macOS ${MINIMUM_MACOS}`,
    fix: "Update macOS: System Settings > General > Software Update",
  };
}

/** A program of macOS that does not run is told, and keeps nothing else from being looked at. */
async function attempt(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return { level: "warning", subject: "krunkit", message: messageOf(error) };
  }
}
