import assert from "node:assert/strict";
import { ownNetwork } from "../../support/own_network.ts";
import { aMoment, type Guest, noFrames, plug } from "./testing.ts";
import {
  arpRequest,
  BROADCAST,
  echoRequest,
  note,
  readArpReply,
  readEchoReply,
  readNote,
} from "./testing_frames.ts";

const ignore = noFrames() !== undefined;
const [A, B] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];

const notes = (guest: Guest) => guest.all().flatMap((frame) => readNote(frame) ?? []);

Deno.test({
  name: "guests of one network reach each other, large frames too, and others do not",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network);
    await using b = await plug(network);
    await using other = await plug(network, ["--operation-mode", "host"]);
    a.guest.send(note(BROADCAST, A, "to all"));
    assert.equal(await b.guest.gets("a broadcast", readNote), "to all");
    b.guest.send(note(A, B, "x".repeat(1500)));
    assert.equal((await a.guest.gets("an answer", readNote)).length, 1500);
    assert.deepEqual(notes(other.guest), []);
  },
});

Deno.test({
  name: "isolated guests reach the gateway, and not each other",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network, ["--enable-isolation"]);
    await using b = await plug(network, ["--enable-isolation"]);
    for (const { guest } of [a, b]) {
      guest.send(note(BROADCAST, guest === a.guest ? A : B, "to all"));
    }
    a.guest.send(arpRequest(A, "192.168.64.77", "192.168.64.1"));
    await a.guest.gets("the gateway's MAC", readArpReply);
    await aMoment();
    assert.deepEqual([notes(a.guest), notes(b.guest)], [[], []]);
  },
});

Deno.test({
  name: "the gateway answers, and the host finds a guest with an address of its own choice",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network);
    const [own, gateway] = ["192.168.64.77", "192.168.64.1"];
    a.guest.send(arpRequest(A, own, gateway));
    const mac = await a.guest.gets("the gateway's MAC", readArpReply);
    a.guest.send(echoRequest(mac, A, own, gateway));
    await a.guest.gets("the gateway's echo", readEchoReply);
    const neighbours: { dst: string; lladdr?: string }[] = JSON.parse(
      await network.run("ip", "-json", "neigh"),
    );
    assert.deepEqual(neighbours.map(({ dst, lladdr }) => [dst, lladdr]), [[own, A]]);
  },
});

Deno.test({
  name: "a bridged guest is on the interface's own network, without a gateway or DHCP",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using lan = await ownNetwork();
    await network.run(
      ...["ip", "link", "add", "en0", "type", "veth", "peer", "name", "lan0"] as const,
      ...["netns", lan.name],
    );
    await network.run("ip", "link", "set", "en0", "up");
    await lan.run("ip", "address", "add", "10.9.8.1/24", "dev", "lan0");
    await lan.run("ip", "link", "set", "lan0", "up");
    const bridged = ["--operation-mode", "bridged", "--shared-interface", "en0"];
    await using a = await plug(network, bridged);
    await using b = await plug(network, bridged);
    a.guest.send(arpRequest(A, "10.9.8.7", "10.9.8.1"));
    const mac = await a.guest.gets("the neighbour's MAC", readArpReply);
    a.guest.send(echoRequest(mac, A, "10.9.8.7", "10.9.8.1"));
    await a.guest.gets("the neighbour's echo", readEchoReply);
    b.guest.send(note(A, B, "beside"));
    assert.equal(await a.guest.gets("a note", readNote), "beside");
  },
});

Deno.test({
  name: "counters are reported on standard error from 0.13 on",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network, ["--stats-interval=1"]);
    a.guest.send(note(BROADCAST, A, "one"));
    await a.helper.says("[stats] ", 5_000);
    const [, text = ""] = /^INFO {2}\[stats\] (\{"time": .*\})$/m.exec(a.helper.stderr()) ?? [];
    const { vm, time } = JSON.parse(text);
    assert.deepEqual([vm.packets, vm.bytes], [1, 60]);
    assert.match(time, /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}[+-]\d\d:\d\d$/);
    assert.equal(a.helper.stdout(), a.helper.line());
  },
});
