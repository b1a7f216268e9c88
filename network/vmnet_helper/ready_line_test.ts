import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseReadyLine } from "./ready_line.ts";

// The lines are those of the networking reference, section 1.2.
const LINES: readonly [name: string, line: string, expected: unknown][] = [
  [
    "shared",
    '{"vmnet_write_max_packets":256,"vmnet_read_max_packets":256,"vmnet_subnet_mask":"255.255.255.0","vmnet_mtu":1500,"vmnet_end_address":"192.168.105.254","vmnet_start_address":"192.168.105.1","vmnet_interface_id":"2835E074-0000-4000-8000-000000000000","vmnet_max_packet_size":1514,"vmnet_nat66_prefix":"fd2d:1b24:620:47::","vmnet_mac_address":"0a:d6:36:c1:ea:f3"}',
    { gateway: "192.168.105.1", mask: "255.255.255.0" },
  ],
  [
    "a network of the broker",
    '{"vmnet_mtu":1500,"vmnet_interface_id":"ED21E284-0000-4000-8000-000000000000","vmnet_mac_address":"12:e0:7f:75:d9:9a","net_ipv4_subnet":"192.168.64.1","net_ipv4_mask":"255.255.255.0","net_ipv6_prefix":"fdef:a4a1:e866:3c8e::","net_ipv6_prefix_len":64}',
    { gateway: "192.168.64.1", mask: "255.255.255.0" },
  ],
  ["bridged", '{"vmnet_mac_address":"0a:d6:36:c1:ea:f3","vmnet_mtu":1500}', {}],
  ["nothing that is known", '{"vmnet_start_address":1}', {}],
];

for (const [name, line, expected] of LINES) {
  Deno.test(`parseReadyLine() reads the line of ${name}`, () => {
    assert.deepEqual(parseReadyLine(`${line}\n`), expected);
  });
}

Deno.test("parseReadyLine() reads one object of JSON, or says what it got", () => {
  for (const output of ["", "\n", "usage: vmnet-helper\n", "[]\n", "null\n", '{"half":\n']) {
    assert.throws(() => parseReadyLine(output), { code: "failed", message: /which is no JSON$/ });
  }
  const long = "x".repeat(10_000);
  assert.throws(() => parseReadyLine(long), ({ message }: Error) => message.length < 300);
});

Deno.test("parseReadyLine() takes whatever else vmnet may tell", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
    const { gateway, mask } = parseReadyLine(`${JSON.stringify(object)}\n`);
    for (const value of [gateway, mask]) assert.ok(value === undefined || value.length >= 0);
  }));
});
