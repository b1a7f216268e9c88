/** Machines on a CNI network, with real plugins and real guests, in a network of the test's own. */
import assert from "node:assert/strict";
import { assertNoTraces, cniLab, noPlugins } from "../../network/cni/testing.ts";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  kill9,
  ssh,
  supervisors,
  WAIT_SSH,
} from "../support/machines.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

const GATEWAY = "10.88.7.1";

Deno.test({
  name:
    "machines on cni reach gateway and each other, and keep their addresses over crash and reboot",
  ignore: noPlugins() !== undefined,
  async fn(t) {
    const guest = await smallGuest();
    await using own = await tempHome();
    await using lab = await cniLab({ plugins: [{ type: "firewall", backend: "iptables" }] });
    const home: TempHome = {
      ...own,
      wrapper: ["nsenter", `--net=/run/netns/${lab.network.name}`, "--"],
    };
    await Deno.writeTextFile(
      `${home.path}/config.toml`,
      `[networks.lab]\nprovider = "cni"\nconf_dir = "${lab.settings["conf_dir"]}"\n`,
    );
    const boot = [...directBoot(guest), "--network", "lab"];
    const addressOf = async (name: string) => {
      const host = (await inspect(home, name)).addresses[0]?.ssh?.host;
      assert.ok(host, `${name} has no address`);
      return host;
    };
    const namespaces = () =>
      [...Deno.readDirSync("/run/netns")].map(({ name }) => name).filter((name) => ids.has(name));
    const ids = new Set<string>();
    /** Both machines, from inside of one. */
    const assertReached = async (from: string, ...targets: string[]) => {
      for (const target of targets) {
        assert.match(await ssh(home, from, `sudo ping -c 1 -W 5 ${target}`), / 0% packet loss/);
      }
    };

    await t.step("run gives each its address, by which it is reached", async () => {
      for (const name of ["web", "db"]) {
        await cocoonOk(home, ["vm", "run", "--name", name, ...boot, ...WAIT_SSH]);
        ids.add(`cocoon-${(await inspect(home, name)).id}`);
      }
      assert.deepEqual([await addressOf("web"), await addressOf("db")], [
        "10.88.7.10",
        "10.88.7.11",
      ]);
      await assertReached("web", GATEWAY, "10.88.7.11");
      await assertReached("db", GATEWAY, "10.88.7.10");
      const { nics } = await inspect(home, "web");
      const inGuest = await ssh(home, "web", "cat /sys/class/net/*/address; cat /etc/resolv.conf");
      assert.match(inGuest, new RegExp(nics[0]?.mac ?? "no MAC"));
      assert.match(inGuest, /nameserver 10\.88\.7\.1/);
      assert.equal(namespaces().length, 2);
    });

    await t.step("a machine that was killed has its address again", async () => {
      for (const pid of [...supervisors(home), ...hypervisors(home)]) await kill9(pid);
      for (const name of ["web", "db"]) await cocoonOk(home, ["vm", "start", name, ...WAIT_SSH]);
      await assertReached("web", GATEWAY, "10.88.7.11");
      assert.equal(await addressOf("web"), "10.88.7.10");
    });

    await t.step("after a restart of the computer, too", async () => {
      for (const pid of [...supervisors(home), ...hypervisors(home)]) await kill9(pid);
      await reboot(lab.network.run, namespaces());
      // In the other order than the addresses are in.
      for (const name of ["db", "web"]) await cocoonOk(home, ["vm", "start", name, ...WAIT_SSH]);
      assert.deepEqual([await addressOf("web"), await addressOf("db")], [
        "10.88.7.10",
        "10.88.7.11",
      ]);
      await assertReached("db", GATEWAY, "10.88.7.10");
    });

    await t.step("stop leaves nothing of a machine on the network", async () => {
      await cocoonOk(home, ["vm", "stop", "web"]);
      await waitFor("the namespace's end", () => namespaces().length === 1);
      assert.deepEqual((await lab.traces()).filter((trace) => trace.includes("10.88.7.10")), []);
    });

    await t.step("when the address was given away, the guest takes the new one", async () => {
      await Deno.writeTextFile(`${lab.folder}/leases/lab/10.88.7.10`, "another\r\neth0");
      await cocoonOk(home, ["vm", "start", "web", ...WAIT_SSH]);
      const address = await addressOf("web");
      assert.notEqual(address, "10.88.7.10");
      await assertReached("db", address);
      await Deno.remove(`${lab.folder}/leases/lab/10.88.7.10`);
    });

    await t.step("rm leaves no namespace, interface, rule or lease", async () => {
      await cocoonOk(home, ["vm", "rm", "--force", "web", "db"]);
      await assertNothingLeft(home);
      assert.deepEqual(namespaces(), []);
      assertNoTraces(await lab.traces());
    });
  },
});

/** Namespaces, interfaces and rules are gone; what is in files stays. */
async function reboot(
  run: (...argv: [string, ...string[]]) => Promise<string>,
  namespaces: readonly string[],
): Promise<void> {
  for (const name of namespaces) await run("ip", "netns", "delete", name);
  await run("ip", "link", "delete", "lab0");
  for (const table of ["nat", "filter"]) {
    await run("iptables", "-t", table, "-F");
    await run("iptables", "-t", table, "-X");
  }
}
