import assert from "node:assert/strict";
import { checkVmnet } from "./check.ts";
import { vmnetSettings } from "./settings.ts";
import { type PlayedMac, playedMac, PROGRAM } from "./testing.ts";

/** What doctor says: level and subject of each finding. */
async function findings(mac: PlayedMac, table = {}): Promise<string[]> {
  const settings = vmnetSettings.read({ program: PROGRAM, ...table });
  const found = await checkVmnet(playedMac(mac), settings, false);
  return found.map(({ level, subject }) => `${level} ${subject}`);
}

const FIXED = { subnet: "192.168.200.0/24" };

Deno.test("checkVmnet() finds the helper, and the DHCP server where it is needed", async () => {
  assert.deepEqual(await findings({}, FIXED), ["ok vmnet-helper"]);
  assert.deepEqual(await findings({}), ["ok vmnet-helper", "ok DHCP server of macOS"]);
});

Deno.test("checkVmnet() says what is missing for root", async () => {
  const old = playedMac({ macos: "15.6", sudoAsks: true });
  const [finding] = await checkVmnet(old, vmnetSettings.read({ program: PROGRAM }), false);
  assert.equal(finding?.level, "error");
  assert.match(finding?.fix ?? "", /NOPASSWD/);
  assert.deepEqual(await findings({ macos: "15.6" }, FIXED), ["ok vmnet-helper"]);
});

Deno.test("checkVmnet() looks at interface, broker and offload", async () => {
  const bridged = { mode: "bridged", interface: "en0" };
  assert.deepEqual(await findings({}, bridged), ["ok vmnet-helper", "ok interface en0"]);
  assert.deepEqual(await findings({ interfaces: [] }, bridged), [
    "ok vmnet-helper",
    "error interface en0",
  ]);
  const broker = { broker_network: "shared", leases_file: "/nowhere" };
  assert.ok((await findings({ macos: "15.6" }, broker)).includes("error vmnet-broker"));
  assert.ok(!(await findings({}, broker)).includes("error vmnet-broker"));
  const offload = { ...FIXED, offload: true };
  assert.deepEqual(await findings({ macos: "26.1" }, offload), [
    "ok vmnet-helper",
    "warning offload",
  ]);
  assert.deepEqual(await findings({ macos: "26.2" }, offload), ["ok vmnet-helper"]);
});
