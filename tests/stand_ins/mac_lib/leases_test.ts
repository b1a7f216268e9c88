import assert from "node:assert/strict";
import { withFolder } from "../vfkit_lib/testing.ts";
import { readDhcpRequest } from "./dhcp.ts";
import { formatLease, type Lease, writeLease } from "./leases.ts";

const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0xaa, 0x0b, 0x01);
/** RFC 4361: type 255, then an identity of the interface and a DUID. */
const DUID = Uint8Array.of(0xff, 0xf1, 0xf5, 0xdd, 0x7f, 0x00, 0x02, 0x00, 0x00, 0xab, 0x11);
const LEASE: Lease = { mac: MAC, hostname: "vm1", address: "127.64.0.5" };

/** A frame with a DHCP message of the given options. */
function frame(port: number, options: readonly (readonly number[])[]): Uint8Array {
  const message = new Uint8Array(240);
  message.set([1, 1, 6]);
  message.set(MAC, 28);
  message.set([0x63, 0x82, 0x53, 0x63], 236);
  return Uint8Array.of(
    ...[...Array(6).fill(0xff), ...MAC, 0x08, 0x00],
    ...[0x45, ...Array(8).fill(0), 17, ...Array(10).fill(0)],
    ...[0, 68, 0, port, 0, 0, 0, 0],
    ...message,
    ...options.flat(),
    255,
  );
}

Deno.test("readDhcpRequest() finds who asks, and passes over everything else", () => {
  const name = [12, 3, ...new TextEncoder().encode("vm1")];
  assert.deepEqual(readDhcpRequest(frame(67, [[53, 1, 3], [0], name, [61, 2, 1, 9]])), {
    mac: MAC,
    hostname: "vm1",
    clientId: Uint8Array.of(1, 9),
  });
  assert.equal(readDhcpRequest(frame(67, [[53, 1, 1]])), undefined, "a discovery");
  assert.equal(readDhcpRequest(frame(53, [[53, 1, 3]])), undefined, "another port");
  assert.equal(readDhcpRequest(frame(67, [[53, 1, 3]]).subarray(0, 100)), undefined, "cut");
  assert.equal(readDhcpRequest(new Uint8Array(4)), undefined);
});

Deno.test("formatLease() writes octets without leading zeros, as bootpd does", () => {
  assert.equal(
    formatLease(LEASE, 15, 0x678b90c6),
    "{\n\tname=vm1\n\tip_address=127.64.0.5\n\thw_address=1,52:54:0:aa:b:1\n" +
      "\tidentifier=1,52:54:0:aa:b:1\n\tlease=0x678b90c6\n}\n",
  );
});

Deno.test("formatLease() puts a client's own identifier in the MAC's place from macOS 15 on", () => {
  const lease = { ...LEASE, clientId: DUID };
  const duid = "ff,f1:f5:dd:7f:0:2:0:0:ab:11";
  assert.ok(formatLease(lease, 15, 1).includes(`\thw_address=${duid}\n\tidentifier=${duid}\n`));
  assert.ok(
    formatLease(lease, 14, 1).includes(`hw_address=1,52:54:0:aa:b:1\n\tidentifier=${duid}\n`),
  );
});

Deno.test("writeLease() renews a client's lease and keeps the others, several at once", () =>
  withFolder(async (folder) => {
    const path = `${folder}/leases`;
    const of = (last: number): Lease => ({
      mac: Uint8Array.of(2, 0, 0, 0, 0, last),
      address: `127.64.0.${last}`,
    });
    await Promise.all([1, 2, 3, 4, 5].map((last) => writeLease(path, of(last), 15)));
    await writeLease(path, { ...of(3), address: "127.64.9.9" }, 15);
    const text = await Deno.readTextFile(path);
    const addresses = [...text.matchAll(/ip_address=(.*)/g)].map(([, address]) => address);
    assert.equal(addresses[0], "127.64.9.9");
    assert.deepEqual(addresses.toSorted(), [
      "127.64.0.1",
      "127.64.0.2",
      "127.64.0.4",
      "127.64.0.5",
      "127.64.9.9",
    ]);
    assert.equal(text.match(/^\{$/gm)?.length, 5);
  }));
