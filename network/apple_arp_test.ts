import assert from "node:assert/strict";
import { findInArp } from "./apple_arp.ts";

const ARP = `? (192.168.64.1) at (incomplete) on bridge100 ifscope [bridge]
? (192.168.64.8) at 52:54:0:aa:b:1 on bridge100 ifscope [bridge]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
`;

Deno.test("findInArp() passes over incomplete lines and other addresses", () => {
  assert.equal(findInArp(ARP, "52:54:00:aa:0b:01"), "192.168.64.8");
  assert.equal(findInArp(ARP, "01:00:5e:00:00:fb"), "224.0.0.251");
  assert.equal(findInArp(ARP, "52:54:00:aa:0b:02"), undefined);
  assert.equal(findInArp(ARP, "nonsense"), undefined);
});
