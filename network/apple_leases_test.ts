import assert from "node:assert/strict";
import fc from "fast-check";
import { findLease, type Lease, parseLeases, parseMac } from "./apple_leases.ts";
import { isIpv4 } from "./ipv4.ts";

const MAC = "52:54:00:aa:0b:01";
const NOW = 1_700_000_000;

function query(parts: Partial<Parameters<typeof findLease>[1]> = {}) {
  return { mac: MAC, name: "web", now: NOW, ...parts };
}

function block(fields: Record<string, string>, indent = "\t"): string {
  const lines = Object.entries(fields).map(([key, value]) => `${indent}${key}=${value}`);
  return ["{", ...lines, "}", ""].join("\n");
}

const hex = (seconds: number) => `0x${seconds.toString(16)}`;

/** As bootpd writes it: three clients, one of them twice, one that sent a DUID. */
const FILE = `{
	name=web
	ip_address=192.168.64.5
	hw_address=1,52:54:0:aa:b:1
	identifier=1,52:54:0:aa:b:1
	lease=0x6553f200
}
{
	name=other
	ip_address=192.168.64.6
	hw_address=1,52:54:0:aa:b:11
	identifier=1,52:54:0:aa:b:11
	lease=0x6553f300
}
{
	name=duid
	ip_address=192.168.64.7
	hw_address=ff,f1:f5:dd:7f:0:2:0:0:ab:11:9a:da:73:3a:f8:8d:58:46
	identifier=ff,f1:f5:dd:7f:0:2:0:0:ab:11:9a:da:73:3a:f8:8d:58:46
	lease=0x6553f400
}
{
	name=web
	ip_address=192.168.64.9
	hw_address=1,52:54:0:aa:b:1
	identifier=1,52:54:0:aa:b:1
	lease=0x6553f500
}
`;

Deno.test("parseLeases() reads a file as bootpd writes it", () => {
  assert.deepEqual(parseLeases(FILE), [
    { name: "web", ip: "192.168.64.5", mac: [0x52, 0x54, 0, 0xaa, 0xb, 1], expiresAt: 0x6553f200 },
    {
      name: "other",
      ip: "192.168.64.6",
      mac: [0x52, 0x54, 0, 0xaa, 0xb, 0x11],
      expiresAt: 0x6553f300,
    },
    { name: "duid", ip: "192.168.64.7", expiresAt: 0x6553f400 },
    { name: "web", ip: "192.168.64.9", mac: [0x52, 0x54, 0, 0xaa, 0xb, 1], expiresAt: 0x6553f500 },
  ]);
});

Deno.test("findLease() finds octets without leading zeros, and the lease that ends last", () => {
  const leases = parseLeases(FILE);
  assert.equal(findLease(leases, query()), "192.168.64.9");
  assert.equal(findLease(leases.toReversed(), query()), "192.168.64.9");
  assert.equal(findLease(leases, query({ mac: "52:54:00:AA:0B:11" })), "192.168.64.6");
  assert.equal(findLease(leases, query({ mac: "52:54:00:aa:0b:02", name: "none" })), undefined);
});

Deno.test("findLease() passes over leases that have ended", () => {
  const leases = parseLeases(FILE);
  assert.equal(findLease(leases, query({ now: 0x6553f4ff })), "192.168.64.9");
  assert.equal(findLease(leases, query({ now: 0x6553f500 })), undefined);
});

Deno.test("findLease() takes the name only where there is no hardware address", () => {
  const leases = parseLeases(FILE);
  const stranger = "02:00:00:00:00:01";
  assert.equal(findLease(leases, query({ mac: stranger, name: "duid" })), "192.168.64.7");
  assert.equal(findLease(leases, query({ mac: stranger, name: "web" })), undefined);
});

Deno.test("findLease() prefers the address of its own to the name's", () => {
  const leases = parseLeases(
    FILE +
      block({
        name: "web",
        ip_address: "192.168.64.20",
        hw_address: "ff,1:2",
        lease: "0x7fffffff",
      }),
  );
  assert.equal(findLease(leases, query()), "192.168.64.9");
});

Deno.test("parseLeases() passes over blank lines, unknown keys and blocks without an address", () => {
  const text = block({ name: "x", hw_address: "1,1:2:3:4:5:6" }) + "\n\n" +
    block({ ip_address: "10.0.0.300" }) +
    block({ ip_address: "10.0.0.3", colour: "blue", hw_address: "1,1:2:3:4:5:6", lease: "soon" });
  assert.deepEqual(parseLeases(text), [
    { ip: "10.0.0.3", mac: [1, 2, 3, 4, 5, 6], expiresAt: 0 },
  ]);
});

Deno.test("parseLeases() gives the whole leases of a file that was cut off anywhere", () => {
  const whole = parseLeases(FILE);
  for (let end = 0; end <= FILE.length; end++) {
    const found = parseLeases(FILE.slice(0, end));
    assert.deepEqual(found, whole.slice(0, found.length), `cut after ${end}`);
  }
});

const octet = fc.integer({ min: 0, max: 255 });
const lease = fc.record({
  mac: fc.array(octet, { minLength: 6, maxLength: 6 }),
  ip: fc.tuple(octet, octet, octet, octet).map((parts) => parts.join(".")),
  expiresAt: fc.integer({ min: NOW + 1, max: 0xffffffff }),
  indent: fc.constantFrom("\t", "  ", ""),
});

Deno.test("parseLeases() gives back what was written, in any indentation", () => {
  fc.assert(fc.property(fc.array(lease, { maxLength: 8 }), (leases) => {
    const text = leases.map(({ mac, ip, expiresAt, indent }) => {
      const address = mac.map((byte) => byte.toString(16)).join(":");
      return block({ ip_address: ip, hw_address: `1,${address}`, lease: hex(expiresAt) }, indent);
    }).join("");
    const expected: Lease[] = leases.map(({ mac, ip, expiresAt }) => ({ ip, mac, expiresAt }));
    assert.deepEqual(parseLeases(text), expected);
  }));
});

Deno.test("findLease() finds the newest of any number of records of a machine", () => {
  fc.assert(fc.property(fc.array(lease, { minLength: 1, maxLength: 8 }), (records) => {
    const mac = records[0]?.mac ?? [];
    const leases = records.map(({ ip, expiresAt }) => ({ ip, expiresAt, mac }));
    const text = mac.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    const found = findLease(leases, query({ mac: text }));
    const newest = Math.max(...leases.map(({ expiresAt }) => expiresAt));
    assert.ok(leases.some(({ ip, expiresAt }) => ip === found && expiresAt === newest));
  }));
});

Deno.test("parseLeases() survives any text", () => {
  const line = fc.constantFrom("{", "}", "\tip_address=10.0.0.1", "\thw_address=1,", "=", "x=y");
  fc.assert(fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
    for (const { ip } of parseLeases(lines.join("\n"))) assert.ok(isIpv4(ip));
  }));
});

Deno.test("parseMac() refuses what is no address of six octets", () => {
  for (
    const text of ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:g", "123:2:3:4:5:6", "1-2-3-4-5-6"]
  ) {
    assert.equal(parseMac(text), undefined, text);
  }
});
