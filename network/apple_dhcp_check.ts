/** What keeps guests on networks of macOS (its NAT, vmnet) from getting an address, for `cocoon doctor` on macOS. */
import { messageOf } from "../errors/error.ts";
import type { Finding, Host } from "../plugins/contract.ts";

const FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw";
const BOOTPD = "/usr/libexec/bootpd";
const SUBJECT = "DHCP server of macOS";

/** Looks at the firewall and at launchd's switch of bootpd. Never rejects. */
export async function checkAppleDhcp(host: Host): Promise<Finding[]> {
  try {
    return [await bootpdFinding(host)];
  } catch (error) {
    return [{ level: "warning", subject: SUBJECT, message: messageOf(error) }];
  }
}

async function bootpdFinding(host: Host): Promise<Finding> {
  const services = await host.run(["launchctl", "print-disabled", "system"]);
  if (isServiceDisabled(services.stdout, "com.apple.bootpd")) {
    return {
      level: "error",
      subject: SUBJECT,
      message: "bootpd is disabled, so guests get no address",
      fix: "sudo launchctl enable system/com.apple.bootpd",
    };
  }
  const state = await host.run([FIREWALL, "--getglobalstate"]);
  if (!isFirewallOn(state.stdout)) {
    return { level: "ok", subject: SUBJECT, message: "bootpd is enabled, the firewall is off" };
  }
  const bootpd = await host.run([FIREWALL, "--getappblocked", BOOTPD]);
  if (isBlocked(bootpd.stdout)) {
    return {
      level: "error",
      subject: SUBJECT,
      message: "the firewall blocks bootpd, so guests get no address",
      fix: `sudo ${FIREWALL} --add ${BOOTPD} && sudo ${FIREWALL} --unblock ${BOOTPD}`,
    };
  }
  return { level: "ok", subject: SUBJECT, message: "the firewall lets bootpd through" };
}

/** From `launchctl print-disabled system`: `"com.apple.bootpd" => disabled` (or `=> true`). */
export function isServiceDisabled(output: string, service: string): boolean {
  const line = output.split("\n").find((each) => each.includes(`"${service}"`));
  return line !== undefined && /=>\s*(disabled|true)\b/.test(line);
}

/** From `socketfilterfw --getglobalstate`: `Firewall is enabled. (State = 1)`. */
export function isFirewallOn(output: string): boolean {
  const state = /\(State = (\d)\)/.exec(output)?.[1];
  return state === undefined ? /firewall is enabled/i.test(output) : state !== "0";
}

/** From `socketfilterfw --getappblocked PATH`: `... is blocked`, `... is permitted`, or no entry. */
export function isBlocked(output: string): boolean {
  return /\bblocked\b/i.test(output) && !/\b(not|permitted|unblocked)\b/i.test(output);
}
