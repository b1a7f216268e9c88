/** Real guests on vmnet-helper's stand-in. */
import assert from "node:assert/strict";
import { closeFile } from "../../native/libc.ts";
import { datagramPair } from "../../native/socketpair.ts";
import { smallGuest } from "../guests/cache.ts";
import { makeKey, makeSeed } from "../guests/testing.ts";
import { ownNetwork } from "../support/own_network.ts";
import { waitFor } from "../support/wait_for.ts";
import { run } from "../guests/lib/tools.ts";
import { startVfkit, withFolder } from "./vfkit_lib/testing.ts";
import { noFrames, startHelper } from "./vmnet_helper_lib/testing.ts";

const BOOT_MS = 120_000;

Deno.test({
  name: "two guests get their leases, are reached by SSH from the host, and reach each other",
  ignore: noFrames() !== undefined,
  fn: () =>
    withFolder(async (folder) => {
      const guest = await smallGuest("x86_64");
      const client = await makeKey(`${folder}/client`);
      const host = await makeKey(`${folder}/host`);
      const leases = `${folder}/leases`;
      const env = { STAND_IN_LEASES: leases };
      await using network = await ownNetwork();
      const [mine, theirs] = datagramPair();
      await using a = startHelper(network, ["--fd", "0"], { env, stdin: theirs });
      closeFile(theirs);
      await using b = startHelper(network, ["--socket", `${folder}/net`], { env });
      await Promise.all([a.ready(), b.ready()]);
      await waitFor("the socket", () => Deno.lstatSync(`${folder}/net`));

      const boot = async (name: string, net: string, inherit: number[]) => {
        await run("cp", ["--sparse=always", guest.rawPath, `${folder}/${name}`]);
        await makeSeed(`${folder}/${name}.seed`, {
          "meta-data": `{"instance-id":"i-${name}","local-hostname":"${name}"}`,
          "user-data": "#cloud-config\n" + JSON.stringify({
            users: [{ name: "root", ssh_authorized_keys: [client.publicText] }],
            ssh_keys: { ed25519_private: host.privateText, ed25519_public: host.publicText },
          }),
        });
        return startVfkit([
          ...["--memory", "256", "--restful-uri", `unix://${folder}/${name}.rest`],
          ...["--bootloader", `efi,variable-store=${folder}/${name}.store,create`],
          ...["--device", `virtio-blk,path=${folder}/${name}`],
          ...["--device", `virtio-blk,path=${folder}/${name}.seed,readonly`],
          ...["--device", `virtio-net,${net}`, "--device", "virtio-rng"],
          ...["--device", `virtio-serial,logFilePath=${folder}/${name}.console`],
        ], { env: { STAND_IN_ARCH: "amd64" }, inherit });
      };
      await using first = await boot("one", "fd=3,mac=52:54:00:0a:0b:01", [mine]);
      closeFile(mine);
      await using second = await boot(
        "two",
        `unixSocketPath=${folder}/net,mac=52:54:00:0a:0b:02`,
        [],
      );
      for (const [name, vfkit] of [["one", first], ["two", second]] as const) {
        await waitFor(`the guest ${name}`, async () => {
          assert.equal(vfkit.alive(), true, vfkit.stderr());
          return (await Deno.readTextFile(`${folder}/${name}.console`)).includes("small: ready");
        }, { timeoutMs: BOOT_MS });
      }
      const text = await Deno.readTextFile(leases);
      const address = (name: string) =>
        new RegExp(`name=${name}\\n\\tip_address=(.*)\\n`).exec(text)?.[1] ?? assert.fail(text);
      await Deno.writeTextFile(
        `${folder}/known`,
        ["one", "two"].map((name) => `${address(name)} ${host.publicText}\n`).join(""),
      );
      for (const [name, other] of [["one", "two"], ["two", "one"]] as const) {
        const said = await network.run(
          ...["ssh", "-F", "none", "-i", client.path] as const,
          ...["-o", `UserKnownHostsFile=${folder}/known`, "-o", "StrictHostKeyChecking=yes"],
          ...["-o", "BatchMode=yes", `root@${address(name)}`],
          `hostname; ping -c 1 -w 10 ${address(other)} >/dev/null && echo reached`,
        );
        assert.equal(said, `${name}\nreached\n`);
      }
      assert.deepEqual([a.alive(), b.alive()], [true, true]);
    }),
});
