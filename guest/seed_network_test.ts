import assert from "node:assert/strict";
import { readIso9660 } from "./iso9660_read.ts";
import { buildSeed } from "./seed.ts";
import { seedWithNetwork } from "./seed_network.ts";
import { makeHostKey } from "./ssh_keys.ts";

const DATE = new Date("2024-01-01T00:00:00Z");
const NIC = { mac: "52:54:00:00:00:01" };
const FIXED = {
  ...NIC,
  static: {
    addresses: ["10.88.7.10/24"],
    routes: [{ to: "0.0.0.0/0", via: "10.88.7.1" }],
    nameservers: { addresses: ["10.88.7.1"] },
    mtuBytes: 1450,
  },
};

async function seed(): Promise<Uint8Array> {
  return await buildSeed({
    instanceId: "abcdefghijkl",
    hostname: "web",
    user: "cocoon",
    authorizedKeys: ["ssh-ed25519 AAAA cocoon"],
    hostKey: await makeHostKey(),
    nics: [NIC],
    date: DATE,
  });
}

function textsOf(image: Uint8Array): Record<string, string> {
  const decoder = new TextDecoder();
  return Object.fromEntries(readIso9660(image).map((f) => [f.name, decoder.decode(f.data)]));
}

/** The image that seedWithNetwork() answers, which must be a new one. */
function renewed(image: Uint8Array, nics: Parameters<typeof seedWithNetwork>[1]): Uint8Array {
  const result = seedWithNetwork(image, nics, DATE);
  assert.ok(result, "nothing was changed");
  return result;
}

Deno.test("seedWithNetwork() writes addresses, has them applied at every boot, and keeps the rest", async () => {
  const before = await seed();
  const { "network-config": network, "vendor-data": vendor, ...rest } = textsOf(
    renewed(before, [FIXED]),
  );
  const { "network-config": _dhcp, ...restBefore } = textsOf(before);
  assert.deepEqual(rest, restBefore);
  for (const word of ["10.88.7.10/24", "0.0.0.0/0", "10.88.7.1", "1450", NIC.mac]) {
    assert.ok(network?.includes(word), `${word} is not in ${network}`);
  }
  assert.doesNotMatch(network ?? "", /dhcp/);
  assert.match(vendor ?? "", /^#cloud-config\n[^]*updates[^]*network[^]*when[^]*"?boot"?/);
});

Deno.test("seedWithNetwork() answers undefined when the seed says the same already", async () => {
  const before = await seed();
  assert.equal(seedWithNetwork(before, [NIC], DATE), undefined);
  const fixed = renewed(before, [FIXED]);
  assert.equal(seedWithNetwork(fixed, [FIXED], new Date(0)), undefined);
});

Deno.test("seedWithNetwork() goes back to DHCP, byte for byte, when the addresses are no longer fixed", async () => {
  const before = await seed();
  assert.deepEqual(renewed(renewed(before, [FIXED]), [NIC]), before);
});
