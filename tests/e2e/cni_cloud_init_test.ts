/** What a real cloud-init makes of a fixed address, and of another one later. */
import assert from "node:assert/strict";
import { cniLab, noPlugins } from "../../network/cni/testing.ts";
import { fullGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import { inspect, ssh } from "../support/machines.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

/** A cloud image needs half a minute under emulation, several on a busy computer. */
const BOOT = { timeoutMs: 600_000 };
const WAIT = ["--wait", "ssh", "--timeout", "9m"];

Deno.test({
  name:
    "a cloud image on cni has its fixed address from the first boot, and a new one after a change",
  ignore: noPlugins() !== undefined,
  async fn() {
    const { qcow2Path } = await fullGuest();
    await using own = await tempHome();
    await using lab = await cniLab();
    const home: TempHome = {
      ...own,
      wrapper: ["nsenter", `--net=/run/netns/${lab.network.name}`, "--"],
    };
    await Deno.writeTextFile(
      `${home.path}/config.toml`,
      `[networks.lab]\nprovider = "cni"\nconf_dir = "${lab.settings["conf_dir"]}"\n`,
    );
    await cocoonOk(home, [
      ...["run", "--name", "web", "--memory", "768M", "--cpus", "2", "--network", "lab"],
      ...[...WAIT, qcow2Path],
    ], BOOT);
    const seen = async () => {
      const host = (await inspect(home, "web")).addresses[0]?.ssh?.host;
      const inGuest = await ssh(home, "web", "ip -4 -oneline address; ip route", BOOT);
      return { host, inGuest };
    };
    const first = await seen();
    assert.equal(first.host, "10.88.7.10");
    assert.match(first.inGuest, /inet 10\.88\.7\.10\/24/);
    assert.match(first.inGuest, /default via 10\.88\.7\.1/);
    // The instance stays the same one: what cloud-init does once, it does not do again.
    const keys = "sudo stat -c %Y /etc/ssh/ssh_host_ed25519_key; ls /var/lib/cloud/instances";
    const once = await ssh(home, "web", keys, BOOT);

    await cocoonOk(home, ["vm", "stop", "web"], BOOT);
    await Deno.writeTextFile(`${lab.folder}/leases/lab/10.88.7.10`, "another\r\neth0");
    await cocoonOk(home, ["vm", "start", "web", ...WAIT], BOOT);
    const second = await seen();
    assert.notEqual(second.host, first.host);
    assert.ok(second.inGuest.includes(`inet ${second.host}/24`), second.inGuest);
    assert.doesNotMatch(second.inGuest, /10\.88\.7\.10\//);
    assert.equal(await ssh(home, "web", keys, BOOT), once);
    await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  },
});
