import assert from "node:assert/strict";
import type { JsonObject } from "../../plugins/contract.ts";
import { vmnetSettings } from "./settings.ts";

/** The complaints about a table, by key. */
function complaints(table: JsonObject): Record<string, string> {
  const result = vmnetSettings.parse(table);
  if (!("issues" in result)) return {};
  return Object.fromEntries(result.issues.map(({ path, message }) => [path.join("."), message]));
}

Deno.test("the settings take each mode with what goes with it", () => {
  for (
    const table of [
      {},
      { mode: "host", subnet: "192.168.200.0/24", isolation: true },
      { mode: "bridged", interface: "en0" },
      { broker_network: "shared" },
      { offload: true, transport: "socket" },
    ]
  ) assert.deepEqual(complaints(table), {}, JSON.stringify(table));
});

Deno.test("the settings refuse what vmnet-helper refuses or passes over in silence", () => {
  assert.deepEqual(complaints({ mode: "bridged" }), {
    interface: 'is needed with mode = "bridged"',
  });
  assert.match(complaints({ interface: "en0" })["interface"] ?? "", /goes with mode = "bridged"/);
  const bridged = { mode: "bridged", interface: "en0" };
  assert.ok("subnet" in complaints({ ...bridged, subnet: "192.168.200.0/24" }));
  assert.ok("isolation" in complaints({ ...bridged, isolation: true }));
  assert.ok("offload" in complaints({ offload: true, transport: "fd" }));
  assert.ok("broker_network" in complaints({ broker_network: "x", mode: "host" }));
  assert.ok("broker_network" in complaints({ broker_network: "x", subnet: "192.168.200.0/24" }));
});

Deno.test("the settings say what is wrong with one value before they compare several", () => {
  assert.deepEqual(Object.keys(complaints({ mode: "bridged", subnet: "no" })), ["subnet"]);
  assert.match(complaints({ subnet: "192.168.200.0" })["subnet"] ?? "", /192\.168\.200\.0\/24/);
  assert.match(complaints({ nameservers: ["fe80::1"] })["nameservers"] ?? "", /IPv4/);
});
