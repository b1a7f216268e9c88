/** What `cocoon doctor` says of the provider. */
import { CocoonError, messageOf } from "../../errors/error.ts";
import { versionText } from "../../host/versions.ts";
import type { Finding, Host } from "../../plugins/contract.ts";
import { checkAppleDhcp } from "../apple_dhcp_check.ts";
import { sharedInterfaces } from "./interfaces.ts";
import { type Helper, macosVersion, requireHelper, requireSudo } from "./program.ts";
import type { VmnetSettings } from "./settings.ts";

const SUBJECT = "vmnet-helper";

/** Looks for everything that the network needs. Never rejects. */
export async function checkVmnet(
  host: Host,
  settings: VmnetSettings,
  isRoot?: boolean,
): Promise<Finding[]> {
  try {
    const helper = await requireHelper(host, settings, isRoot);
    if (helper.asRoot) await requireSudo(host, helper);
    const how = helper.asRoot ? ", started by sudo" : "";
    return [
      {
        level: "ok",
        subject: SUBJECT,
        message: `${versionText(helper.version)} at ${helper.path}${how}`,
      },
      ...await attempt(() => interfaceFindings(host, helper, settings)),
      ...await attempt(() => macosFindings(host, settings)),
      ...(asksDhcp(settings) && host.os === "darwin" ? await checkAppleDhcp(host) : []),
    ];
  } catch (error) {
    const fix = error instanceof CocoonError ? error.hint : undefined;
    return [{ level: "error", subject: SUBJECT, message: messageOf(error), ...(fix && { fix }) }];
  }
}

/** Machines with fixed addresses need no DHCP server, and bridged ones ask the LAN's. */
function asksDhcp({ mode, subnet }: VmnetSettings): boolean {
  return mode !== "bridged" && subnet === undefined;
}

async function interfaceFindings(
  host: Host,
  helper: Helper,
  { interface: name }: VmnetSettings,
): Promise<Finding[]> {
  if (name === undefined) return [];
  const names = await sharedInterfaces(host, helper);
  const subject = `interface ${name}`;
  if (names.includes(name)) return [{ level: "ok", subject, message: "can be shared" }];
  return [{
    level: "error",
    subject,
    message: "cannot be shared",
    fix: `set interface of the network to one of: ${names.join(", ") || "none is there"}`,
  }];
}

/** What needs a newer macOS than this. */
async function macosFindings(
  host: Host,
  { offload, broker_network }: VmnetSettings,
): Promise<Finding[]> {
  const version = await macosVersion(host);
  if (version === undefined) return [];
  const [major, minor] = version;
  const findings: Finding[] = [];
  if (broker_network !== undefined && major < 26) {
    findings.push({
      level: "error",
      subject: "vmnet-broker",
      message: `macOS ${major}.${minor} is too old: it needs macOS 26`,
      fix: "leave out broker_network of the network",
    });
  }
  // Measured by vmnet-helper's author; networking reference, sections 1.7 and 1.10.
  if (offload && (major < 26 || (major === 26 && minor < 2))) {
    findings.push({
      level: "warning",
      subject: "offload",
      message: `slow on macOS ${major}.${minor}: from the Mac to the guest it is fast from 26.2 on`,
      fix: "leave out offload of the network",
    });
  }
  return findings;
}

async function attempt(check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ level: "warning", subject: SUBJECT, message: messageOf(error) }];
  }
}
