import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { makeHostKey } from "./ssh_keys.ts";
import { buildSeed, type SeedRequest } from "./seed.ts";

const host = realHost();
const isoinfo = host.which("isoinfo");

async function request(): Promise<SeedRequest> {
  return {
    instanceId: "abcdefghijkl",
    hostname: "web",
    user: "cocoon",
    authorizedKeys: ["ssh-ed25519 AAAA cocoon"],
    hostKey: await makeHostKey(),
    nics: [{ mac: "52:54:00:00:00:01" }],
    date: new Date("2024-01-01T00:00:00Z"),
  };
}

Deno.test("buildSeed() gives the same small image when the request is the same", async () => {
  const same = await request();
  const [a, b] = await Promise.all([buildSeed(same), buildSeed(same)]);
  assert.deepEqual(a, b);
  assert.equal(a.length, 128 * 1024);
  assert.notDeepEqual(await buildSeed({ ...same, instanceId: "other" }), a);
});

Deno.test({
  name: "buildSeed() holds cloud-init's documents when isoinfo reads it",
  ignore: isoinfo === undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "cocoon-seed-" });
    try {
      const path = `${directory}/seed.iso`;
      const extract = async (name: string) =>
        (await host.run([isoinfo ?? "", "-J", "-x", `/${name}`, "-i", path])).stdout;
      const one = await request();
      const bytes = new TextEncoder().encode("#cloud-config\nruncmd: [[touch, /x]]\n");
      await Deno.writeFile(path, await buildSeed({ ...one, userData: { file: "f", bytes } }));

      assert.deepEqual(JSON.parse(await extract("meta-data")), {
        "instance-id": "abcdefghijkl",
        "local-hostname": "web",
      });
      const [header, body = ""] = (await extract("user-data")).split("\n");
      assert.equal(header, "#cloud-config");
      const config = JSON.parse(body);
      assert.deepEqual(config.runcmd, [["touch", "/x"]]);
      assert.equal(config.ssh_keys.ed25519_private, one.hostKey.privateKey);
      const network = JSON.parse(await extract("network-config"));
      assert.deepEqual(network.ethernets.nic0.match, { macaddress: "52:54:00:00:00:01" });

      await Deno.writeFile(path, await buildSeed({ ...one, nics: [] }));
      const listing = await host.run([isoinfo ?? "", "-J", "-f", "-i", path]);
      assert.deepEqual(listing.stdout.trim().split("\n").sort(), ["/meta-data", "/user-data"]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
