import assert from "node:assert/strict";
import { addressesOf, firstIpv4, guestNetworkOf } from "./result.ts";

/** As the bridge plugin answers, with the bridge and both ends of the pair. */
const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [
    { name: "lab0", mac: "00:00:00:00:00:01" },
    { name: "veth1", mac: "00:00:00:00:00:02" },
    { name: "eth0", mac: "00:00:00:00:00:03", sandbox: "/run/netns/x" },
  ],
  ips: [
    { interface: 2, address: "fd00::5/64", gateway: "fd00::1" },
    { interface: 2, address: "10.1.0.5/16", gateway: "10.1.0.1" },
    { interface: 0, address: "10.1.0.1/16" },
  ],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::0/0" }, { dst: "10.9.0.0/16", gw: "10.1.0.2" }],
  dns: { nameservers: ["10.1.0.1"], domain: "lab.test" },
};

Deno.test("guestNetworkOf() tells the guest its own addresses, each route with a gateway", () => {
  assert.deepEqual(guestNetworkOf(RESULT, 1450), {
    addresses: ["fd00::5/64", "10.1.0.5/16"],
    routes: [
      { to: "0.0.0.0/0", via: "10.1.0.1" },
      { to: "::/0", via: "fd00::1" },
      { to: "10.9.0.0/16", via: "10.1.0.2" },
    ],
    nameservers: { addresses: ["10.1.0.1"], search: ["lab.test"] },
    mtuBytes: 1450,
  });
});

Deno.test("guestNetworkOf() answers undefined for a network that gives no address", () => {
  assert.equal(guestNetworkOf({ cniVersion: "1.0.0", interfaces: [] }, 1500), undefined);
  assert.equal(guestNetworkOf({ ips: [{ address: "10.1.0.5" }] }, 1500), undefined);
});

Deno.test("firstIpv4() is the first of the card's, in results of old versions too", () => {
  assert.equal(firstIpv4(RESULT)?.cidr, "10.1.0.5/16");
  const old = { ips: [{ version: "4", address: "10.2.0.7/24", gateway: "10.2.0.1" }] };
  assert.deepEqual(addressesOf(old), [{ cidr: "10.2.0.7/24", gateway: "10.2.0.1" }]);
});
