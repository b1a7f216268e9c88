/** Networks of vmnet-helper: its stand-in switches real frames between real guests. */
import assert from "node:assert/strict";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import { smallGuest } from "../guests/cache.ts";
import { spawnCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  inspect,
  kill9,
  list,
  only,
  supervisors,
  WAIT_SSH,
} from "../support/machines.ts";
import { noOwnNetwork } from "../support/own_network.ts";
import { waitFor } from "../support/wait_for.ts";
import { cardsOf, vmnetHome } from "../support/vmnet.ts";

const ignore = noOwnNetwork() !== undefined;
const LAB = 'subnet = "192.168.200.0/24"';

/** The address by which this computer reaches a machine. */
const hostOf = (machine: { addresses: { ssh?: { host: string } }[] }) =>
  machine.addresses[0]?.ssh?.host;

Deno.test({
  name: "machines of one subnet have fixed addresses, reach each other, and leave nothing",
  ignore,
  async fn() {
    await using mac = await vmnetHome({ lab: LAB });
    const { home } = mac;
    const boot = [...directBoot(await smallGuest()), "--network=lab"];
    await mac.ok(["run", "--name=web", ...boot, ...WAIT_SSH]);
    await mac.ok(["run", "--name=db", ...boot, ...WAIT_SSH]);
    assert.deepEqual((await list(home)).map((machine) => [machine.name, hostOf(machine)]).sort(), [
      ["db", "192.168.200.129"],
      ["web", "192.168.200.128"],
    ]);
    assert.match(await mac.ssh("web", "ip -4 addr show"), /inet 192\.168\.200\.128\/24/);
    assert.match(await mac.ssh("web", "ip route"), /default via 192\.168\.200\.1 /);
    for (const target of ["192.168.200.129", "192.168.200.1"]) {
      assert.match(await mac.ssh("web", `ping -c 2 ${target}`), / 0% packet loss/);
    }
    const { stdout } = await mac.ok(["hosts"]);
    assert.match(stdout, /^192\.168\.200\.128\s+web$/m);

    // Its address is its own while it is off, too.
    await mac.ok(["vm", "stop", "web"]);
    assert.equal(mac.helpers().length, 1);
    await mac.ok(["vm", "create", "--name=third", ...boot]);
    await mac.ok(["vm", "start", "third"]);
    assert.equal(hostOf(await inspect(home, "third")), "192.168.200.130");
    await mac.ok(["vm", "rm", "--force", "third"]);
    await mac.ok(["vm", "start", "web", ...WAIT_SSH]);
    assert.equal(hostOf(await inspect(home, "web")), "192.168.200.128");

    // A machine that is killed takes its helper with it.
    const { pid } = await inspect(home, "db");
    assert.ok(pid !== null);
    await kill9(pid);
    await waitFor("the end of its helper", () => mac.helpers().length === 1, { timeoutMs: 2_000 });

    // A machine whose helper has ended goes on without its network, and says so.
    const { id } = await inspect(home, "web");
    await kill9(only(mac.helpers()));
    const loss = "the helper vmnet-helper0 has ended; its network card has no connection";
    {
      using store = openStore(openHome(home.path));
      const lost = () => store.machines.get(id)?.lastError === loss;
      await waitFor("the loss", lost, { timeoutMs: 2_000, intervalMs: 20 });
    }
    await mac.ok(["vm", "rm", "--force", "web", "db"]);
    await assertNothingLeft(home);
    assert.deepEqual(await cardsOf(mac), []);
  },
});

Deno.test({
  name: "machines are found by their leases: krunkit by a socket, vfkit by a helper of root's",
  ignore,
  async fn() {
    // sudo passes nothing of the environment on, which is how the stand-in gets its options.
    const folder = await Deno.makeTempDir({ dir: "/tmp" });
    try {
      await using mac = await vmnetHome({
        dhcp: "",
        rooted: `sudo = "always"\ntransport = "fd"\nprogram = "${folder}/vmnet-helper"`,
      });
      const { home } = mac;
      await writeLauncher(`${folder}/vmnet-helper`, mac.env);
      const guest = await smallGuest();
      await Promise.all([
        mac.ok([
          ...["run", "--name=gpu", "--backend=krunkit", "--network=dhcp"],
          ...["--memory=256M", "--cpus=1", ...WAIT_SSH, guest.qcow2Path],
        ]),
        mac.ok(["run", "--name=web", "--network=rooted", ...directBoot(guest), ...WAIT_SSH]),
      ]);
      for (const name of ["gpu", "web"]) {
        const host = hostOf(await inspect(home, name));
        assert.match(await mac.ssh(name, "ip -4 addr show"), new RegExp(`inet ${host}/24`));
      }
      const { pid: sudo } = home.processes().find(({ command }) =>
        command.startsWith("/usr/bin/sudo --non-interactive ")
      ) ?? assert.fail("it is not started by sudo");
      await mac.ok(["vm", "stop", "web"]);
      assert.ok(
        home.processes().every(({ pid }) =>
          pid !== sudo
        ),
      );
      await mac.ok(["vm", "rm", "--force", "gpu", "web"]);
      await assertNothingLeft(home);
      assert.deepEqual(await cardsOf(mac), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** A program of root's that gives the stand-in its environment. */
async function writeLauncher(path: string, env: Record<string, string>): Promise<void> {
  const { VMNET_HELPER } = await import("../support/vmnet.ts");
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
  await Deno.writeTextFile(path, `#!/bin/sh\n${lines.join("")}exec ${VMNET_HELPER} "$@"\n`);
  await Deno.chmod(path, 0o755);
  await Deno.chmod(path.slice(0, path.lastIndexOf("/")), 0o755);
}

Deno.test({
  name: "twenty machines made and started at once on one network have all their own",
  ignore,
  async fn() {
    const COUNT = 20;
    await using mac = await vmnetHome({ lab: LAB }, { STAND_IN_NO_GUEST: "1" });
    const { home } = mac;
    const boot = [...directBoot(await smallGuest()), "--network=lab"];
    const names = Array.from({ length: COUNT }, (_, index) => `m${index + 1}`);
    const outcomes = await Promise.allSettled(names.map((name) => {
      return mac.ok(["run", "--name", name, ...boot]);
    }));
    assert.deepEqual(outcomes.filter(({ status }) => status === "rejected"), []);
    const machines = await list(home);
    const unique = (values: unknown[]) => new Set(values).size;
    assert.equal(machines.length, COUNT);
    assert.ok(machines.every(({ state }) => state === "running"));
    assert.equal(unique(machines.map(hostOf)), COUNT);
    assert.equal(unique(machines.flatMap(({ nics }) => nics.map(({ mac }) => mac))), COUNT);
    assert.equal(unique(machines.map(({ id }) => id)), COUNT);
    assert.equal(mac.helpers().length, COUNT);
    for (const machine of machines) {
      assert.match(hostOf(machine) ?? "", /^192\.168\.200\.1(2[89]|[34]\d)$/);
    }
    await mac.ok(["vm", "rm", "--force", ...names]);
    await assertNothingLeft(home);
    assert.deepEqual(mac.helpers(), []);
    assert.deepEqual(await cardsOf(mac), []);
  },
});

Deno.test({
  name: "a network that cannot be had is explained, and nothing is left of the start",
  ignore,
  async fn() {
    await using mac = await vmnetHome({
      lab: LAB,
      other: `${LAB}\nmode = "host"`,
      lan: 'mode = "bridged"\ninterface = "en7"',
    }, { STAND_IN_NO_GUEST: "1", STAND_IN_VMNET_INTERFACES: "en0,en1" });
    const boot = directBoot(await smallGuest());
    const run = (name: string) =>
      mac.run(["run", `--name=${name}`, `--network=${name}`, ...boot], { timeoutMs: 60_000 });
    assert.equal((await run("lab")).code, 0);

    // vmnet never answers; the helper waits for ever.
    const other = await run("other");
    assert.equal(other.code, 1);
    assert.match(other.stderr, /the helper vmnet-helper0 was not ready within 15000 ms/);
    assert.match(other.stderr, /choose another `subnet`/);
    assert.equal(mac.helpers().length, 1);

    const lan = await run("lan");
    assert.equal(lan.code, 2);
    assert.match(lan.stderr, /shares no interface "en7".*\n.*one of: en0, en1\./);

    const forwards = await mac.run(["run", "--network=lab", "-p", "8080:80", ...boot]);
    assert.equal(forwards.code, 2);
    assert.match(forwards.stderr, /does not forward ports/);
    await mac.ok(["vm", "rm", "--force", "lab"]);
    await assertNothingLeft(mac.home);
  },
});

Deno.test({
  name: "a supervisor that is killed between helper and hypervisor leaves no helper",
  ignore,
  async fn() {
    await using mac = await vmnetHome({ lab: LAB }, { STAND_IN_NO_GUEST: "1" });
    const { home } = mac;
    const boot = [...directBoot(await smallGuest()), "--network=lab"];
    await mac.ok(["vm", "create", "--name=web", ...boot]);
    const start = spawnCocoon(home, ["vm", "start", "web"], { env: mac.env });
    await waitFor("the helper", () => mac.helpers().length === 1, { intervalMs: 1 });
    await kill9(only(supervisors(home)));
    await start.result; // fails, or tells of the machine that another supervisor adopts
    await mac.ok(["vm", "rm", "--force", "web"]);
    await assertNothingLeft(home);
    assert.deepEqual(mac.helpers(), []);
  },
});
