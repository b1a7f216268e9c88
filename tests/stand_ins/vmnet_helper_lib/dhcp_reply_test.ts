import assert from "node:assert/strict";
import { checksum, dhcpReply } from "./dhcp_reply.ts";
import { undotted } from "./ipv4.ts";
import { readDhcpAnswer } from "./testing_frames.ts";

const MAC = Uint8Array.of(0x52, 0x54, 0, 0xaa, 0x0b, 1);
const SERVER = {
  mac: "02:00:00:00:00:01",
  subnet: { gateway: undotted("10.0.7.1"), end: undotted("10.0.7.9"), mask: 0xffff_ff00 },
  leaseSeconds: 600,
};
const message = (broadcast: boolean) => ({
  ...{ mac: MAC, type: 3, transactionId: 7, broadcast, clientAddress: 0 },
});

Deno.test("dhcpReply() writes checksums that a careful client accepts", () => {
  const frame = dhcpReply("ack", message(false), undotted("10.0.7.5"), SERVER);
  const datagram = frame.subarray(34);
  assert.equal(checksum(frame.subarray(14, 34)), 0);
  const length = [datagram.length >> 8, datagram.length & 0xff];
  assert.equal(
    checksum(Uint8Array.of(...frame.subarray(26, 34), 0, 17, ...length, ...datagram)),
    0,
  );
});

Deno.test("dhcpReply() answers everybody where the client cannot be reached", () => {
  const to = (frame: Uint8Array) => [frame[0], frame.slice(30, 34).join(".")];
  const address = undotted("10.0.7.5");
  assert.deepEqual(to(dhcpReply("offer", message(false), address, SERVER)), [0x52, "10.0.7.5"]);
  assert.deepEqual(to(dhcpReply("offer", message(true), address, SERVER)), [
    0xff,
    "255.255.255.255",
  ]);
  const refusal = dhcpReply("nak", message(false), 0, SERVER);
  assert.deepEqual(to(refusal), [0xff, "255.255.255.255"]);
  assert.deepEqual([...readDhcpAnswer(refusal)?.options.keys() ?? []], [53, 54]);
});
