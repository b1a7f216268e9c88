import { CocoonError, messageOf } from "../../errors/error.ts";
import { isAtLeast, versionText } from "../../host/versions.ts";
import type { Finding, Host, JsonObject } from "../../plugins/contract.ts";
import { entitlementFinding, VIRTUALIZATION_ENTITLEMENT } from "../entitlements.ts";
import { ENTITLEMENT_FIX } from "./failures.ts";
import { parseMacosVersion } from "../../host/macos_version.ts";
import { lackingFeatures } from "./macos.ts";
import { type Program, requireProgram } from "./program.ts";
import { vfkitSettings } from "./settings.ts";
import { TERMINAL_VERSION } from "./version.ts";

/** Looks for everything that machines under vfkit need on this computer. Never rejects. */
export async function checkHost(host: Host, table: JsonObject): Promise<Finding[]> {
  let program: Program;
  try {
    program = await requireProgram(host, vfkitSettings.read(table));
  } catch (error) {
    const fix = error instanceof CocoonError ? error.hint : undefined;
    return [{ level: "error", subject: "vfkit", message: messageOf(error), ...(fix && { fix }) }];
  }
  const findings = [versionFinding(program)];
  // The rest asks programs that only macOS has.
  if (host.os !== "darwin") return findings;
  for (const check of [macosFinding, keychainFinding]) {
    findings.push(...await attempt(() => check(host)));
  }
  findings.push(
    ...await attempt(() =>
      entitlementFinding(host, program.path, {
        subject: "vfkit's signature",
        entitlement: VIRTUALIZATION_ENTITLEMENT,
        fix: ENTITLEMENT_FIX,
      })
    ),
  );
  return findings;
}

function versionFinding({ path, version }: Program): Finding {
  const subject = "vfkit";
  const message = `${versionText(version)} at ${path}`;
  if (isAtLeast(version, TERMINAL_VERSION)) return { level: "ok", subject, message };
  return {
    level: "warning",
    subject,
    message: `${message}; before ${versionText(TERMINAL_VERSION)} it has no console that can be ` +
      "typed into, and SIGTERM cuts a guest's power",
    fix: "brew upgrade vfkit",
  };
}

async function macosFinding(host: Host): Promise<Finding> {
  const subject = "macOS";
  const { stdout } = await host.run(["sw_vers", "-productVersion"]);
  const version = parseMacosVersion(stdout);
  if (version === undefined) {
    return { level: "warning", subject, message: `unknown version: ${stdout.trim()}` };
  }
  const lacking = lackingFeatures(version);
  if (lacking.length === 0) return { level: "ok", subject, message: stdout.trim() };
  const names = lacking.map(({ name, since }) => `${name} (macOS ${since[0]})`).join(", ");
  return {
    level: lacking.some(({ essential }) => essential) ? "error" : "warning",
    subject,
    message: `${stdout.trim()}; too old for ${names}`,
    fix: "Update macOS: System Settings > General > Software Update",
  };
}

/**
 * From macOS 15 on, the framework makes a key in the login keychain for each machine's start, and a
 * Mac that nobody has logged in to at its screen has none that is open.
 */
async function keychainFinding(host: Host): Promise<Finding> {
  const subject = "login keychain";
  const { code, stderr } = await host.run(["security", "show-keychain-info"]);
  if (code === 0) return { level: "ok", subject, message: "open" };
  return {
    level: "warning",
    subject,
    message: `locked or absent, and macOS 15 or newer may start no machine: ${stderr.trim()}`,
    fix: "security unlock-keychain login.keychain",
  };
}

/** A program of macOS that does not run is told, and keeps nothing else from being looked at. */
async function attempt(check: () => Promise<Finding>): Promise<Finding[]> {
  try {
    return [await check()];
  } catch (error) {
    return [{ level: "warning", subject: "vfkit", message: messageOf(error) }];
  }
}
