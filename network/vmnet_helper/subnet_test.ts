import assert from "node:assert/strict";
import * as fc from "fast-check";
import { fixedAddresses, parseSubnet, type Subnet } from "./subnet.ts";

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  assert.ok(!("complaint" in parsed), JSON.stringify(parsed));
  return parsed;
}

Deno.test("parseSubnet() gives DHCP the lower half, and fixed addresses the upper", () => {
  const parsed = subnet("192.168.200.0/24");
  const { fixed: _fixed, ...texts } = parsed;
  assert.deepEqual(texts, {
    cidr: "192.168.200.0/24",
    prefixLength: 24,
    mask: "255.255.255.0",
    gateway: "192.168.200.1",
    dhcpEnd: "192.168.200.127",
  });
  const addresses = [...fixedAddresses(parsed)];
  assert.equal(addresses.length, 127);
  assert.deepEqual([addresses[0], addresses.at(-1)], ["192.168.200.128", "192.168.200.254"]);
});

Deno.test("parseSubnet() divides the smallest and the largest one", () => {
  const small = subnet("10.1.2.8/29");
  assert.deepEqual([small.gateway, small.dhcpEnd], ["10.1.2.9", "10.1.2.11"]);
  assert.deepEqual([...fixedAddresses(small)], ["10.1.2.12", "10.1.2.13", "10.1.2.14"]);
  const large = subnet("172.31.0.0/16");
  assert.deepEqual([large.mask, large.dhcpEnd], ["255.255.0.0", "172.31.127.255"]);
});

for (
  const [text, complaint] of [
    ["192.168.200.0", /must be a subnet such as/],
    ["192.168.200/24", /must be a subnet such as/],
    ["192.168.256.0/24", /must be a subnet such as/],
    ["192.168.200.0/30", /prefix from \/16 to \/29/],
    ["10.0.0.0/8", /prefix from \/16 to \/29/],
    ["192.168.200.7/24", /first address: 192\.168\.200\.0\/24$/],
    ["192.169.200.0/24", /must be private/],
    ["172.32.0.0/16", /must be private/],
    ["11.0.0.0/16", /must be private/],
  ] as const
) {
  Deno.test(`parseSubnet() refuses ${text}`, () => {
    const parsed = parseSubnet(text);
    assert.ok("complaint" in parsed);
    assert.match(parsed.complaint, complaint);
  });
}

Deno.test("parseSubnet() leaves gateway, DHCP's addresses, fixed ones and broadcast apart", () => {
  const number = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + +part, 0);
  fc.assert(fc.property(fc.integer({ min: 16, max: 29 }), fc.nat(255), (prefix, octet) => {
    const size = 2 ** (32 - prefix);
    const start = 10 * 2 ** 24 + octet * 2 ** 16;
    const parsed = subnet(`10.${octet}.0.0/${prefix}`);
    const fixed = [...fixedAddresses(parsed)].map(number);
    assert.equal(number(parsed.gateway), start + 1);
    assert.equal(fixed[0], number(parsed.dhcpEnd) + 1);
    assert.equal(fixed.at(-1), start + size - 2);
    assert.equal(new Set(fixed).size, size / 2 - 1);
  }));
});
