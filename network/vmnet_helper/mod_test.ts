import assert from "node:assert/strict";
import type { AttachRequest, JsonObject } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { processesNaming } from "../../tests/support/processes.ts";
import { waitFor } from "../../tests/support/wait_for.ts";
import { vmnetSettings } from "./settings.ts";
import { type PlayedHost, type PlayedMac, playedMac, PROGRAM } from "./testing.ts";
import provider from "./mod.ts";

const SUBNET = "192.168.200.0/24";
/** Always that of the sample's card. */
const INTERFACE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Options {
  mac?: PlayedHost;
  accepts?: AttachRequest["accepts"];
  reservations?: AttachRequest["reservations"];
  machine?: AttachRequest["machine"];
  dryRun?: boolean;
}

async function attach(table: JsonObject = {}, options: Options = {}) {
  const { mac = playedMac(), accepts = ["dgram-fd", "dgram-path"], dryRun = false } = options;
  const result = await provider.attach({
    host: mac,
    machine: options.machine ?? sampleMachine("efi"),
    nic: sampleNic(),
    settings: vmnetSettings.read({ program: PROGRAM, ...table }),
    dirs: DIRS,
    accepts,
    reservations: options.reservations ?? new HomeReservations().of("one"),
    previous: undefined,
    dryRun,
    record: () => assert.fail("nothing is made before the helper"),
    signal: new AbortController().signal,
  });
  assert.ok(result);
  const [helper] = result.companions;
  assert.ok(helper);
  return { ...result, helper };
}

Deno.test("attach() gives the helper its end of a pair as standard input", async () => {
  const { attachment, links, helper, guest, companions } = await attach();
  assert.equal(companions.length, 1);
  assert.deepEqual(attachment, { kind: "dgram-fd", link: "vmnet0" });
  assert.deepEqual(links, [{ name: "vmnet0", kind: "datagram-pair" }]);
  assert.deepEqual(helper.links, [{ link: "vmnet0", fd: 0 }]);
  assert.match(helper.argv[4] ?? "", INTERFACE_ID);
  assert.deepEqual(
    [...helper.argv.slice(0, 4), ...helper.argv.slice(5)],
    [PROGRAM, "--fd", "0", "--interface-id", "--operation-mode", "shared"],
  );
  assert.deepEqual([helper.ready?.line, helper.ready?.paths], [true, []]);
  assert.equal(guest, undefined, "the guest asks DHCP");
});

Deno.test("attach() has the helper listen where that is liked better, or asked for", async () => {
  const path = `${DIRS.run}/vmnet0.sock`;
  const liked = { accepts: ["dgram-path", "dgram-path-offload", "dgram-fd"] as const };
  for (
    const { attachment, links, helper } of [
      await attach({}, { accepts: [...liked.accepts] }),
      await attach({ transport: "socket" }),
    ]
  ) {
    assert.deepEqual(attachment, { kind: "dgram-path", path });
    assert.deepEqual(links, []);
    assert.deepEqual(helper.argv.slice(1, 3), ["--socket", path]);
    assert.deepEqual([helper.links, helper.ready?.paths], [[], [path]]);
  }
  const fast = await attach({ offload: true }, { accepts: [...liked.accepts] });
  assert.deepEqual(fast.attachment, { kind: "dgram-path-offload", path });
  assert.deepEqual(fast.helper.argv.slice(-2), ["--enable-tso", "--enable-checksum-offload"]);
  await assert.rejects(attach({ offload: true }), {
    code: "usage",
    message: /takes no dgram-path-offload attachment/,
    hint: /krunkit/,
  });
});

Deno.test("attach() gives each machine of a subnet an address that DHCP does not give", async () => {
  const home = new HomeReservations();
  const one = await attach({ subnet: SUBNET }, { reservations: home.of("one") });
  const two = await attach({ subnet: SUBNET }, { reservations: home.of("two") });
  const again = await attach({ subnet: SUBNET }, { reservations: home.of("one") });
  assert.deepEqual(one.guest, {
    addresses: ["192.168.200.128/24"],
    routes: [{ to: "0.0.0.0/0", via: "192.168.200.1" }],
    nameservers: { addresses: ["1.1.1.1", "8.8.8.8"] },
  });
  assert.deepEqual(two.guest?.addresses, ["192.168.200.129/24"]);
  assert.deepEqual(again.guest, one.guest);
  assert.deepEqual(one.helper.argv.slice(5), [
    ...["--operation-mode", "shared", "--start-address", "192.168.200.1"],
    ...["--end-address", "192.168.200.127", "--subnet-mask", "255.255.255.0"],
  ]);
  assert.deepEqual(await provider.address(playedMac(), sampleNic(), one.state), {
    ip: "192.168.200.128",
    ssh: { host: "192.168.200.128", port: 22 },
  });
});

Deno.test("attach() leads out of a network of the mode host nowhere", async () => {
  const { guest } = await attach({ mode: "host", subnet: SUBNET, isolation: true });
  assert.deepEqual(guest, { addresses: ["192.168.200.128/24"] });
});

Deno.test("attach() fixes no address that nobody would tell the guest", async () => {
  const machine = sampleMachine("efi");
  const disks = machine.disks.filter(({ role }) => role !== "seed");
  const { guest, state } = await attach({ subnet: SUBNET }, { machine: { ...machine, disks } });
  assert.equal(guest, undefined);
  assert.equal(state["ip"], undefined);
});

Deno.test("attach() says which subnet has no address left", async () => {
  const home = new HomeReservations();
  for (const owner of ["one", "two", "three"]) {
    await attach({ subnet: "10.1.2.8/29" }, { reservations: home.of(owner) });
  }
  await assert.rejects(attach({ subnet: "10.1.2.8/29" }, { reservations: home.of("four") }), {
    code: "conflict",
    message: 'network "default": all 3 fixed addresses of 10.1.2.8/29 belong to machines',
  });
});

Deno.test("attach() offers the interfaces that there are to a bridged network", async () => {
  const mac = playedMac({ interfaces: ["en0", "en5"] });
  const { helper } = await attach({ mode: "bridged", interface: "en5" }, { mac });
  assert.deepEqual(helper.argv.slice(5), [
    ...["--operation-mode", "bridged", "--shared-interface", "en5"],
  ]);
  await assert.rejects(attach({ mode: "bridged", interface: "en7" }, { mac }), {
    code: "usage",
    message: 'network "default": this Mac shares no interface "en7"',
    hint: "Set `interface` of the network to one of: en0, en5.",
  });
});

Deno.test("attach() asks the broker by name alone", async () => {
  const { helper } = await attach({ broker_network: "shared" });
  assert.deepEqual(helper.argv.slice(5), ["--network", "shared"]);
});

Deno.test("attach() starts the helper by sudo, whose rule a dry run does not need", async () => {
  const played: PlayedMac = { macos: "15.6", sudoAsks: true };
  const table = { sudo: "always" };
  const path = await Deno.realPath(PROGRAM);
  const dry = await attach(table, { mac: playedMac(played), dryRun: true });
  assert.deepEqual(dry.helper.argv.slice(0, 3), ["/usr/bin/sudo", "--non-interactive", path]);
  await assert.rejects(attach(table, { mac: playedMac(played) }), { code: "host-lacks" });
  const { helper } = await attach(table, { mac: playedMac({ macos: "15.6" }) });
  assert.deepEqual(helper.argv, dry.helper.argv);
});

Deno.test("configure() compares the subnet that vmnet gave with the one asked for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { state } = await attach({ subnet: SUBNET });
    const stored = { ...state, outputPath: `${folder}/line` };
    const configure = async (line: unknown) => {
      await Deno.writeTextFile(`${folder}/line`, `${JSON.stringify(line)}\n`);
      const signal = new AbortController().signal;
      await provider.configure?.(playedMac(), sampleNic(), stored, signal);
    };
    await configure({ vmnet_start_address: "192.168.200.1", vmnet_subnet_mask: "255.255.255.0" });
    await configure({}); // every key is optional
    await assert.rejects(configure({ vmnet_start_address: "192.168.64.1" }), {
      code: "failed",
      message:
        /vmnet gave the gateway 192\.168\.64\.1 .*not 192\.168\.200\.1 \(255\.255\.255\.0\)$/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("detach() ends a helper that was started by nobody who is still there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { state } = await attach({ transport: "socket" });
    const stored = { ...state, socketPath: `${folder}/vmnet0.sock` };
    await Deno.writeTextFile(`${folder}/vmnet0.sock.lock`, "");
    const interfaceId = String(state["interfaceId"]);
    const args = ["-c", "read line", "helper", interfaceId];
    const helper = new Deno.Command("sh", { args, stdin: "piped" }).spawn();
    // Right after the fork it has still the command line of this process.
    await waitFor("the helper", () => processesNaming(interfaceId).length === 1);
    await provider.detach(
      { ...playedMac(), os: Deno.build.os === "darwin" ? "darwin" : "linux" },
      stored,
    );
    assert.equal((await helper.status).signal, "SIGTERM");
    await helper.stdin.close().catch(() => {/* it is gone */});
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
