import assert from "node:assert/strict";
import { hostThatPrints } from "../tests/support/printing_host.ts";
import { checkAppleDhcp, isBlocked, isFirewallOn, isServiceDisabled } from "./apple_dhcp_check.ts";

Deno.test("isServiceDisabled() reads launchd's list of both spellings", () => {
  const list = (word: string) =>
    `\n\tdisabled services = {\n\t\t"com.apple.ftpd" => disabled\n\t\t"com.apple.bootpd" => ${word}\n\t}\n`;
  assert.equal(isServiceDisabled(list("disabled"), "com.apple.bootpd"), true);
  assert.equal(isServiceDisabled(list("true"), "com.apple.bootpd"), true);
  assert.equal(isServiceDisabled(list("enabled"), "com.apple.bootpd"), false);
  assert.equal(isServiceDisabled(list("false"), "com.apple.bootpd"), false);
  assert.equal(isServiceDisabled("", "com.apple.bootpd"), false);
});

Deno.test("isFirewallOn() and isBlocked() read what the firewall prints", () => {
  assert.equal(isFirewallOn("Firewall is enabled. (State = 1)\n"), true);
  assert.equal(isFirewallOn("Firewall is enabled. (State = 2)\n"), true);
  assert.equal(isFirewallOn("Firewall is disabled. (State = 0)\n"), false);
  assert.equal(isBlocked("Incoming connection to the application is blocked \n"), true);
  assert.equal(isBlocked("Incoming connection to the application is permitted \n"), false);
  assert.equal(isBlocked("The application is not part of the firewall \n"), false);
});

Deno.test("checkAppleDhcp() says what keeps guests without an address, with the line that mends it", async () => {
  const firewall = "/usr/libexec/ApplicationFirewall/socketfilterfw";
  const on = {
    "launchctl print-disabled system": "",
    [`${firewall} --getglobalstate`]: "Firewall is enabled. (State = 1)\n",
  };
  const blocked = { [`${firewall} --getappblocked`]: "The application is blocked\n" };
  const [error] = await checkAppleDhcp(hostThatPrints({ ...on, ...blocked }));
  assert.equal(error?.level, "error");
  assert.match(error?.fix ?? "", /--unblock \/usr\/libexec\/bootpd$/);
  const open = { [`${firewall} --getappblocked`]: "The application is permitted\n" };
  assert.equal((await checkAppleDhcp(hostThatPrints({ ...on, ...open })))[0]?.level, "ok");
  const disabled = { "launchctl print-disabled system": '\t"com.apple.bootpd" => disabled\n' };
  assert.equal(
    (await checkAppleDhcp(hostThatPrints(disabled)))[0]?.fix,
    "sudo launchctl enable system/com.apple.bootpd",
  );
});
