import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { AttachResult, Host, JsonObject } from "../../plugins/contract.ts";
import cni from "./mod.ts";
import { assertNoTraces, type CniLab, cniLab, noPlugins, writeConflist } from "./testing.ts";

const ignore = noPlugins() !== undefined;
/** The plugins that have firewall rules of their own. */
const CHAINED = { plugins: [{ type: "firewall", backend: "iptables" }] };

async function attach(lab: CniLab, options?: Parameters<CniLab["request"]>[0]) {
  const result = await cni.attach(lab.request(options));
  assert.ok(result);
  return { ...result, state: stored(result.state) };
}

function stored(state: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(state));
}

function ipOf(result: Pick<AttachResult, "guest">): string | undefined {
  return result.guest?.addresses[0];
}

Deno.test({
  name: "attach() makes namespace, card and TAP, joined both ways; detach() removes every trace",
  ignore,
  async fn() {
    await using lab = await cniLab(CHAINED);
    const result = await attach(lab);
    assert.deepEqual(result.attachment, {
      kind: "tap",
      interface: "tap0",
      namespacePath: `/run/netns/cocoon-${lab.id}`,
    });
    assert.deepEqual(result.guest, {
      addresses: ["10.88.7.10/24"],
      routes: [{ to: "0.0.0.0/0", via: "10.88.7.1" }],
      nameservers: { addresses: ["10.88.7.1"] },
    });
    const inside = ["-netns", `cocoon-${lab.id}`];
    const links = JSON.parse(await lab.network.run("ip", ...inside, "-json", "link"));
    const [card, tap] = ["eth0", "tap0"].map((name) =>
      links.find((link: { ifname: string }) => link.ifname === name)
    );
    assert.equal(card.address, lab.request().nic.mac);
    assert.ok(card.flags.includes("UP") && tap.flags.includes("UP"));
    assert.equal(tap.mtu, card.mtu);
    for (const [from, to] of [["eth0", "tap0"], ["tap0", "eth0"]] as const) {
      const filter = ["filter", "show", "dev", from, "parent", "ffff:"];
      assert.match(
        await lab.network.run("tc", ...inside, ...filter),
        new RegExp(`match 00000000/00000000[^]*mirred \\(Egress Redirect to device ${to}\\)`),
      );
    }
    // The address stays on the card, by which the plugins find their rules; IPv6 does not.
    const addresses = await lab.network.run("ip", ...inside, "-oneline", "address");
    assert.match(addresses, /eth0 +inet 10\.88\.7\.10\/24/);
    assert.doesNotMatch(addresses, /inet6 fe80/);
    const nic = lab.request().nic;
    assert.deepEqual(await cni.address(lab.network.host, nic, result.state), {
      ip: "10.88.7.10",
      ssh: { host: "10.88.7.10", port: 22 },
    });
    assert.ok((await lab.traces()).length > 0, "the test sees no traces at all");
    await cni.detach(lab.network.host, result.state);
    assertNoTraces(await lab.traces());
    await cni.detach(lab.network.host, result.state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test({
  name: "attach() gives the address of before, and another one when that is taken",
  ignore,
  async fn() {
    await using lab = await cniLab();
    const { host } = lab.network;
    const first = await attach(lab);
    await cni.detach(host, first.state);
    const again = await attach(lab, { previous: first.state });
    assert.equal(ipOf(again), "10.88.7.10/24");
    await cni.detach(host, again.state);
    const { cidr, id } = { cidr: "10.88.7.10/24", id: lab.otherId };
    const thief = await attach(lab, { id, previous: { ...again.state, containerId: id } });
    assert.equal(ipOf(thief), cidr);
    const third = await attach(lab, { previous: again.state });
    assert.notEqual(ipOf(third), cidr);
    // And that one is then asked for.
    await cni.detach(host, third.state);
    const fourth = await attach(lab, { previous: third.state });
    assert.equal(ipOf(fourth), ipOf(third));
    for (const { state } of [fourth, thief]) await cni.detach(host, state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test({
  name: "attach() and detach() that are killed at any step leave nothing that detach() leaves",
  ignore,
  async fn() {
    await using lab = await cniLab(CHAINED);
    const { host } = lab.network;
    let steps = 0;
    for (let attachDies = 1;; attachDies++, steps++) {
      lab.recorded = undefined;
      const mortal = dyingAt(attachDies, host);
      const result = await cni.attach(lab.request({ host: mortal.host })).catch(mortal.unlessDead);
      if (lab.recorded !== undefined) await cni.detach(host, lab.recorded);
      assertNoTraces(await lab.traces());
      if (result !== undefined) break;
    }
    assert.ok(steps >= 8, `only ${steps} steps`);
    const { state } = await attach(lab);
    let detachSteps = 0;
    for (let detachDies = 1;; detachDies++, detachSteps++) {
      const alive = await attach(lab, { previous: state });
      const mortal = dyingAt(detachDies, host);
      const detached = cni.detach(mortal.host, alive.state).then(() => true);
      const done = await detached.catch(mortal.unlessDead);
      if (!done) await cni.detach(host, alive.state);
      assertNoTraces(await lab.traces());
      if (done) break;
    }
    assert.ok(detachSteps >= 6, `only ${detachSteps} steps`);
  },
});

Deno.test({
  name:
    "attach() after a restart of the computer keeps MAC and address, and detach() frees the lease",
  ignore,
  async fn() {
    await using before = await cniLab(CHAINED);
    const first = await attach(before);
    // Another machine would be next in turn.
    const second = await attach(before, { id: before.otherId });
    await reboot(before, [before.id, before.otherId]);
    const again = await attach(before, { previous: first.state });
    assert.equal(ipOf(again), ipOf(first));
    await cni.detach(before.network.host, second.state);
    await cni.detach(before.network.host, again.state);
    assertNoTraces(await before.traces());
  },
});

Deno.test({
  name: "detach() removes the firewall's rules, too, when somebody has deleted the namespace",
  ignore,
  async fn() {
    await using lab = await cniLab(CHAINED);
    const { state } = await attach(lab);
    await lab.network.run("ip", "netns", "delete", `cocoon-${lab.id}`);
    assert.match((await lab.traces()).join("\n"), /nat: .*CNI-/);
    await cni.detach(lab.network.host, state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test({
  name: "attach() says what a plugin says, and leaves nothing, when there is no address left",
  ignore,
  async fn() {
    const ipam = (folder: string) => ({
      type: "host-local",
      dataDir: `${folder}/leases`,
      subnet: "10.88.7.12/30",
    });
    await using lab = await cniLab({ ipam });
    const { state } = await attach(lab);
    const before = await lab.traces();
    await assert.rejects(
      attach(lab, { id: lab.otherId }),
      /CNI plugin bridge: ADD: .*no IP addresses available.* \(code \d+\)/,
    );
    assert.deepEqual(await lab.traces(), before);
    await cni.detach(lab.network.host, state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test({
  name: "attach() is not kept from a network by another one that is broken, and check() names it",
  ignore,
  async fn() {
    await using lab = await cniLab();
    await writeConflist(lab.folder, "00-broken.conflist", "{");
    const result = await attach(lab);
    await cni.detach(lab.network.host, result.state);
    const findings = await cni.check(lab.network.host, lab.settings);
    const broken = findings.find(({ subject }) => subject.endsWith("00-broken.conflist"));
    assert.equal(broken?.level, "warning");
    assert.ok(findings.some(({ level, subject }) => level === "ok" && /lab/.test(subject)));
    await assert.rejects(
      attach(lab, { settings: { ...lab.settings, network: "other" } }),
      /no CNI network "other" in .*; there is lab; 00-broken\.conflist cannot be used/,
    );
  },
});

Deno.test({
  name: "attach() keeps a machine's several cards in one namespace, which goes with the last",
  ignore,
  async fn() {
    await using lab = await cniLab();
    const nic = lab.request().nic;
    const one = await attach(lab);
    const other = { ...nic, index: 1, mac: "52:54:00:00:00:99" };
    const two = await attach(lab, { nic: other });
    assert.ok(one.attachment.kind === "tap" && two.attachment.kind === "tap");
    assert.equal(two.attachment.namespacePath, one.attachment.namespacePath);
    assert.notEqual(two.attachment.interface, one.attachment.interface);
    assert.notEqual(ipOf(one), ipOf(two));
    await cni.detach(lab.network.host, one.state);
    assert.ok((await lab.traces()).some((trace) => trace.startsWith("namespace")));
    await cni.detach(lab.network.host, two.state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test({
  name: "attach() gives the guest IPv6, too, which the card itself does not speak; no rule is left",
  ignore,
  async fn() {
    const ipam = (folder: string) => ({
      type: "host-local",
      dataDir: `${folder}/leases`,
      ranges: [[{ subnet: "10.88.7.0/24", rangeStart: "10.88.7.10" }], [{ subnet: "fd88::/64" }]],
    });
    await using lab = await cniLab({ ...CHAINED, ipam });
    const { guest, state } = await attach(lab);
    assert.deepEqual(guest?.addresses, ["10.88.7.10/24", "fd88::2/64"]);
    assert.deepEqual(guest.routes, [
      { to: "0.0.0.0/0", via: "10.88.7.1" },
      { to: "::/0", via: "fd88::1" },
    ]);
    const inside = ["-netns", `cocoon-${lab.id}`, "-6", "-oneline", "address"];
    assert.equal(await lab.network.run("ip", ...inside), "");
    assert.match((await lab.traces()).join("\n"), /nat: .*fd88::2/);
    await cni.detach(lab.network.host, state);
    assertNoTraces(await lab.traces());
  },
});

Deno.test("check() says what is missing, and what to do", async () => {
  const host: Host = {
    ...realHost(),
    os: "linux",
    which: () => undefined,
    run: () => Promise.reject(new Error("a program was run")),
  };
  const settings = { conf_dir: "/nowhere", bin_dirs: ["/nowhere/bin"] };
  const findings = await cni.check(host, settings);
  const about = (subject: string) => findings.find((finding) => finding.subject === subject);
  assert.match(about("tc")?.fix ?? "", /apt install iproute2/);
  assert.match(about("nsenter")?.fix ?? "", /apt install util-linux/);
  const networks = findings.find(({ message }) => /no CNI network in \/nowhere/.test(message));
  assert.equal(networks?.level, "error");
  assert.match(networks.fix ?? "", /NAME\.conflist/);
  const [mac] = await cni.check({ ...host, os: "darwin" }, settings);
  assert.match(mac?.message ?? "", /Linux/);
});

Deno.test({
  name: "attach() names a plugin that is not installed, before anything is made or recorded",
  ignore,
  async fn() {
    await using lab = await cniLab({ plugins: [{ type: "no-such-plugin" }] });
    await assert.rejects(attach(lab), {
      code: "host-lacks",
      message: /"lab": its plugin no-such-plugin is not in /,
    });
    assert.equal(lab.recorded, undefined);
    assertNoTraces(await lab.traces());
  },
});

/** A computer on which the process is dead from its n-th program on, and starts no more. */
function dyingAt(step: number, host: Host) {
  let runs = 0;
  const dying: Host = {
    ...host,
    run: (argv, options) =>
      ++runs >= step ? Promise.reject(new Error("dead")) : host.run(argv, options),
  };
  const unlessDead = (error: unknown): undefined => {
    if (runs < step) throw error;
  };
  return { host: dying, unlessDead };
}

/** Namespaces, interfaces and rules are gone; what is in files stays. */
async function reboot(lab: CniLab, machines: readonly string[]): Promise<void> {
  for (const id of machines) await lab.network.run("ip", "netns", "delete", `cocoon-${id}`);
  await lab.network.run("ip", "link", "delete", "lab0");
  for (const table of ["nat", "filter"]) {
    await lab.network.run("iptables", "-t", table, "-F");
    await lab.network.run("iptables", "-t", table, "-X");
  }
}
