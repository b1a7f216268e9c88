import assert from "node:assert/strict";
import type { AttachRequest } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { noOwnNetwork, type OwnNetwork, ownNetwork } from "../../tests/support/own_network.ts";
import bridge from "./mod.ts";

const ignore = noOwnNetwork() !== undefined;
const ID = "abcdefgh2345";
const TAP = `t${ID}0`;

function request({ host }: OwnNetwork, more: Partial<AttachRequest> = {}): AttachRequest {
  const nic = sampleNic();
  return {
    host,
    machine: { ...sampleMachine("efi", { id: ID }), nics: [nic] },
    nic,
    settings: { bridge: "br7" },
    dirs: DIRS,
    accepts: ["tap"],
    reservations: new HomeReservations().of(ID),
    previous: undefined,
    dryRun: false,
    record: () => {},
    signal: new AbortController().signal,
    ...more,
  };
}

async function withBridge(): Promise<OwnNetwork> {
  const network = await ownNetwork();
  await network.run("ip", "link", "add", "name", "br7", "mtu", "1400", "type", "bridge");
  await network.run("ip", "link", "set", "dev", "br7", "up");
  return network;
}

async function taps(network: OwnNetwork): Promise<{ master: string; mtu: number }[]> {
  const links = JSON.parse(await network.run("ip", "-json", "link"));
  return links.filter(({ ifname }: { ifname: string }) => ifname === TAP);
}

Deno.test({
  name: "attach() makes a port with the bridge's MTU, once, and detach() removes it",
  ignore,
  async fn() {
    await using network = await withBridge();
    const result = await bridge.attach(request(network));
    assert.deepEqual(result?.attachment, { kind: "tap", interface: TAP });
    assert.equal(result.guest, undefined);
    const [port] = await taps(network);
    assert.deepEqual([port?.master, port?.mtu], ["br7", 1400]);
    // As after a crash: the old one is replaced.
    await bridge.attach(request(network, { previous: result.state }));
    assert.equal((await taps(network)).length, 1);
    await bridge.detach(network.host, result.state);
    assert.deepEqual(await taps(network), []);
    await bridge.detach(network.host, result.state);
  },
});

Deno.test({
  name: "attach() has recorded what detach() needs before it makes the port",
  ignore,
  async fn() {
    await using network = await withBridge();
    const recorded: unknown[] = [];
    const host = {
      ...network.host,
      run: (...[argv, options]: Parameters<typeof network.host.run>) => {
        if (argv.includes("-batch")) {
          assert.deepEqual(recorded, [{ bridge: "br7", tap: TAP }]);
        }
        return network.host.run(argv, options);
      },
    };
    const result = await bridge.attach(
      request(network, { host, record: (state) => void recorded.push(state) }),
    );
    assert.equal(recorded.length, 1);
    await bridge.detach(network.host, result?.state ?? {});
  },
});

Deno.test({
  name: "attach() names the bridges that there are when the one that is wanted is none",
  ignore,
  async fn() {
    await using network = await withBridge();
    const attach = (name: string) =>
      bridge.attach(request(network, { settings: { bridge: name } }));
    await assert.rejects(attach("br8"), /there is no bridge br8; there is br7/);
    await assert.rejects(attach("lo"), /lo is no bridge; there is br7/);
    const findings = await bridge.check(network.host, { bridge: "br8" });
    assert.equal(findings[0]?.level, "error");
    assert.equal((await bridge.check(network.host, { bridge: "br7" }))[0]?.level, "ok");
  },
});

Deno.test({
  name: "address() is what this computer has met under the MAC",
  ignore,
  async fn() {
    await using network = await withBridge();
    const nic = sampleNic();
    const address = () => bridge.address(network.host, nic, { bridge: "br7", tap: TAP });
    assert.equal(await address(), undefined);
    const neighbour = ["ip", "neighbour", "replace", "10.9.9.9", "lladdr", nic.mac] as const;
    await network.run(...neighbour, "dev", "br7", "nud", "reachable");
    assert.deepEqual(await address(), { ip: "10.9.9.9", ssh: { host: "10.9.9.9", port: 22 } });
  },
});
