import assert from "node:assert/strict";
import { ownNetwork } from "../../support/own_network.ts";
import { cards, noFrames, plug, startHelper } from "./testing.ts";

const ignore = noFrames() !== undefined;
const ID = "2835e074-9892-4a79-affb-7e41d2605678";
const ALWAYS = ["vmnet_interface_id", "vmnet_mac_address", "vmnet_max_packet_size", "vmnet_mtu"];
const BATCHES = ["vmnet_read_max_packets", "vmnet_write_max_packets"];
const ADDRESSES = ["vmnet_end_address", "vmnet_start_address", "vmnet_subnet_mask"];
const MAC26 = { VZ_MACOS: "26", STAND_IN_VMNET_BROKER: "shared,host" };

const sorted = (...keys: string[]) => keys.sort();

Deno.test({
  name: "the ready line of each mode has its keys, and says what is on the host",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await network.run("ip", "link", "add", "en0", "type", "veth", "peer", "lan0");
    await using shared = await plug(network, ["-i", ID]);
    await using host = await plug(network, ["--operation-mode", "host", "--enable-tso"]);
    await using bridged = await plug(network, [
      ...["--operation-mode", "bridged", "--shared-interface", "en0"],
    ]);
    await using broker = await plug(network, ["--network", "shared", "-i", ID], MAC26);
    const keys = [shared, host, bridged, broker].map(({ ready }) => Object.keys(ready).sort());
    assert.deepEqual(keys, [
      sorted(...ALWAYS, ...BATCHES, ...ADDRESSES, "vmnet_nat66_prefix"),
      sorted(...ALWAYS, ...BATCHES, ...ADDRESSES),
      sorted(...ALWAYS),
      sorted(
        ...[...ALWAYS, ...BATCHES],
        ...["net_ipv4_mask", "net_ipv4_subnet", "net_ipv6_prefix", "net_ipv6_prefix_len"],
      ),
    ]);
    assert.equal(shared.ready.vmnet_interface_id, ID.toUpperCase());
    assert.match(String(shared.ready.vmnet_mac_address), /^[\da-f][26ae](:[\da-f]{2}){5}$/);
    assert.equal(shared.helper.line(), `${JSON.stringify(shared.ready)}\n`);
    assert.deepEqual(
      [shared.ready.vmnet_start_address, host.ready.vmnet_start_address],
      ["192.168.64.1", "192.168.128.1"],
    );
    assert.equal(broker.ready.net_ipv4_subnet, "192.168.65.1", "64 is taken");
    assert.deepEqual(
      [shared.ready.vmnet_max_packet_size, host.ready.vmnet_max_packet_size],
      [1514, 65_550],
    );
    assert.notEqual(broker.ready.vmnet_interface_id, ID.toUpperCase());
    assert.match(
      broker.helper.stderr(),
      /^WARN {2}\[main\] --interface-id is ignored with --network$/m,
    );
    const addresses: { ifname: string; addr_info: { local: string; prefixlen: number }[] }[] = JSON
      .parse(await network.run("ip", "-4", "-json", "address", "show", "dev", "bridge100"));
    assert.deepEqual(
      addresses[0]?.addr_info.map(({ local, prefixlen }) => [local, prefixlen]),
      [["192.168.64.1", 24]],
    );
    assert.equal((await cards(network)).filter((name) => name.startsWith("bridge")).length, 4);
  },
});

Deno.test({
  name: "a MAC belongs to its interface id, and the keys are in any order",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    const orders = new Set<string>();
    const macs = new Set();
    for (let i = 0; i < 3; i++) {
      await using plugged = await plug(network, ["-i", i === 1 ? ID : ID.toUpperCase()]);
      orders.add(Object.keys(plugged.ready).join());
      macs.add(plugged.ready.vmnet_mac_address);
    }
    assert.equal(macs.size, 1);
    assert.ok(orders.size > 1);
  },
});

Deno.test({
  name: "addresses are taken as they are given, and before 0.12 shared mode had its own",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using small = await plug(network, [
      ...["--start-address=10.1.2.253", "--end-address=10.1.2.254"],
      "--subnet-mask=255.255.255.252",
    ]);
    await using old = await plug(network, [], { STAND_IN_VMNET_VERSION: "0.11.0" });
    assert.deepEqual(
      [small.ready.vmnet_start_address, small.ready.vmnet_subnet_mask],
      ["10.1.2.253", "255.255.255.252"],
    );
    assert.equal(old.ready.vmnet_start_address, "192.168.105.1");
  },
});

Deno.test({
  name: "only what is listed can be bridged",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await network.run("ip", "link", "add", "en0", "type", "veth", "peer", "lan0");
    await using _shared = await plug(network);
    await using list = startHelper(network, ["--list-shared-interfaces"]);
    assert.equal(await list.exit, 0);
    assert.deepEqual(list.stdout().split("\n").sort(), ["", "en0", "lan0"]);
    for (const name of ["en1", "lo", "bridge100"]) {
      await using helper = startHelper(network, [
        ...["--fd", "0", "--operation-mode", "bridged", "--shared-interface", name],
      ]);
      assert.equal(await helper.exit, 1);
      assert.match(helper.stderr(), /^ERROR \[main\] vmnet_start_interface: VMNET_FAILURE$/m);
    }
  },
});
