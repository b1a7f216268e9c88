/** A machine on an existing bridge, where a DHCP server gives it its address. */
import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk, runCocoon } from "../support/cocoon.ts";
import { assertNothingLeft, BOOT_TIMEOUT_MS, directBoot, inspect } from "../support/machines.ts";
import { noOwnNetwork, ownNetwork } from "../support/own_network.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

const GUEST = "10.77.0.50";

/** udhcpd's configuration (busybox, examples/udhcp/udhcpd.conf): one address to give. */
const dhcpConfig = (folder: string) => `
interface br7
start ${GUEST}
end ${GUEST}
max_leases 1
lease_file ${folder}/leases
pidfile ${folder}/pid
option subnet 255.255.255.0
option router 10.77.0.1
`;

Deno.test({
  name:
    "a machine on a bridge gets its address by DHCP, is reached by it, and leaves no port behind",
  ignore: noOwnNetwork() !== undefined || realHost().which("busybox") === undefined,
  async fn() {
    const boot = directBoot(await smallGuest());
    await using own = await tempHome();
    await using network = await ownNetwork();
    const wrapper = ["nsenter", `--net=/run/netns/${network.name}`, "--"] as const;
    const home: TempHome = { ...own, wrapper: [...wrapper] };
    await network.run("ip", "link", "add", "name", "br7", "type", "bridge");
    await network.run("ip", "address", "add", "10.77.0.1/24", "dev", "br7");
    await network.run("ip", "link", "set", "dev", "br7", "up");
    const folder = await Deno.makeTempDir({ prefix: "cocoon-dhcp-" });
    await Deno.writeTextFile(`${folder}/conf`, dhcpConfig(folder));
    await Deno.writeTextFile(`${folder}/leases`, "");
    const server = new Deno.Command(wrapper[0], {
      args: [...wrapper.slice(1), "busybox", "udhcpd", "-f", `${folder}/conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await Deno.writeTextFile(
        `${home.path}/config.toml`,
        '[networks.lan]\nprovider = "bridge"\nbridge = "br7"\n',
      );
      await cocoonOk(home, ["vm", "run", "--name", "web", ...boot, "--network", "lan"]);
      assert.equal((await ports()).length, 1);
      const timeout = { timeoutMs: BOOT_TIMEOUT_MS, intervalMs: 500 };
      await waitFor("an answer of the guest", async () => {
        await network.run("busybox", "ping", "-c", "1", "-W", "1", GUEST);
        return true;
      }, timeout);
      assert.deepEqual((await inspect(home, "web")).addresses, [
        { ip: GUEST, ssh: { host: GUEST, port: 22 } },
      ]);
      await waitFor("a login", async () => {
        const { code, stdout, stderr } = await runCocoon(home, ["ssh", "web", "--", "hostname"]);
        if (code !== 0) throw new Error(stderr);
        assert.equal(stdout, "web\n");
        return true;
      }, timeout);
      await cocoonOk(home, ["vm", "stop", "web"]);
      assert.deepEqual(await ports(), []);
      await cocoonOk(home, ["vm", "rm", "web"]);
      await assertNothingLeft(home);
    } finally {
      server.kill("SIGKILL");
      await server.status;
      await Deno.remove(folder, { recursive: true });
    }

    async function ports(): Promise<string[]> {
      const links = JSON.parse(await network.run("ip", "-json", "link", "show", "master", "br7"));
      return links.map(({ ifname }: { ifname: string }) => ifname);
    }
  },
});
