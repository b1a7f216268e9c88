import assert from "node:assert/strict";
import { ownNetwork } from "../../support/own_network.ts";
import { withFolder } from "../vfkit_lib/testing.ts";
import { aMoment, type Guest, noFrames, plug } from "./testing.ts";
import { type DhcpAnswer, dhcpMessage, readDhcpAnswer } from "./testing_frames.ts";

const ignore = noFrames() !== undefined;
const [DISCOVER, REQUEST] = [1, 3];
const [OFFER, ACK, NAK] = [2, 5, 6];
const MAC = "52:54:00:aa:0b:01";

function ask(guest: Guest, ...message: Parameters<typeof dhcpMessage>): Promise<DhcpAnswer> {
  guest.send(dhcpMessage(...message));
  return guest.gets("DHCP's answer", readDhcpAnswer);
}

/** What a guest does; returns its address. */
async function lease(guest: Guest, mac: string): Promise<string> {
  const offer = await ask(guest, DISCOVER, mac);
  assert.equal(offer.type, OFFER);
  const answer = await ask(guest, REQUEST, mac, { requested: offer.address });
  assert.deepEqual([answer.type, answer.address], [ACK, offer.address]);
  return answer.address;
}

const TRIPLE = [
  "--start-address=10.0.7.1",
  "--end-address=10.0.7.3",
  "--subnet-mask=255.255.255.0",
];

Deno.test({
  name: "a guest gets an address for a day, and the file of leases says so",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const leases = `${folder}/dhcpd_leases`;
      await using network = await ownNetwork();
      await using a = await plug(network, [], { STAND_IN_LEASES: leases });
      const now = Date.now() / 1000;
      const address = await lease(a.guest, MAC);
      const { options } = await ask(a.guest, REQUEST, MAC, { requested: address });
      const value = (code: number) => [...options.get(code) ?? []].join(".");
      assert.match(address, /^192\.168\.64\.\d+$/);
      assert.deepEqual([1, 3, 6, 51, 54].map(value), [
        "255.255.255.0",
        "192.168.64.1",
        "192.168.64.1",
        "0.1.81.128",
        "192.168.64.1",
      ]);
      const text = await Deno.readTextFile(leases);
      const [, expires = ""] = /\tlease=0x([\da-f]+)\n/.exec(text) ?? [];
      assert.equal(
        text,
        `{\n\tname=vm1\n\tip_address=${address}\n\thw_address=1,52:54:0:aa:b:1\n` +
          `\tidentifier=1,52:54:0:aa:b:1\n\tlease=0x${expires}\n}\n`,
      );
      assert.ok(Math.abs(Number.parseInt(expires, 16) - now - 86_400) < 60);
    }),
});

Deno.test({
  name: "an address belongs to its MAC, and no two guests get the same",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const env = { STAND_IN_LEASES: `${folder}/leases` };
      await using network = await ownNetwork();
      await using stays = await plug(network, TRIPLE, env);
      const first = await lease(stays.guest, MAC);
      let second: string;
      {
        await using goes = await plug(network, TRIPLE, env);
        second = await lease(goes.guest, "52:54:00:aa:0b:02");
      }
      assert.deepEqual([first, second].sort(), ["10.0.7.2", "10.0.7.3"]);
      await using again = await plug(network, TRIPLE, env);
      assert.equal(await lease(again.guest, "52:54:00:aa:0b:02"), second);
      await using third = await plug(network, TRIPLE, env);
      third.guest.send(dhcpMessage(DISCOVER, "52:54:00:aa:0b:03"));
      await aMoment();
      assert.deepEqual(third.guest.all().flatMap((frame) => readDhcpAnswer(frame) ?? []), []);
    }),
});

Deno.test({
  name: "who asks for another address than his own is refused; bridged guests get no answer",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network, ["--operation-mode", "host"]);
    assert.equal((await ask(a.guest, REQUEST, MAC, { requested: "10.9.9.9" })).type, NAK);
    await network.run("ip", "link", "add", "en0", "type", "veth", "peer", "name", "lan0");
    await using b = await plug(network, [
      ...["--operation-mode", "bridged", "--shared-interface", "en0"],
    ]);
    b.guest.send(dhcpMessage(DISCOVER, MAC));
    await aMoment();
    assert.deepEqual(b.guest.all(), []);
  },
});
