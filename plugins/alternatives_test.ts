import assert from "node:assert/strict";
import type { HostFacts } from "./contract.ts";
import { findAlternatives } from "./alternatives.ts";
import { refusals } from "./refusals.ts";
import { createRegistry } from "./registry.ts";

const host: HostFacts = { os: "linux", architecture: "x86_64", cpus: 2, memoryBytes: 2 ** 32 };

Deno.test("findAlternatives() gives every built-in plugin and every network that works", async () => {
  const found = await findAlternatives(createRegistry([]), host, {
    backends: {},
    networks: {
      nat: { provider: "nat", settings: {} },
      lab: { provider: "nat", settings: { ssh_ports: "23000-23999" } },
      none: { provider: "none", settings: {} },
    },
  });
  assert.ok(found.backends.some(({ name, capabilities }) => {
    return name === "qemu" && capabilities.architectures.includes("x86_64");
  }));
  assert.deepEqual(found.storages, [
    { name: "reflink", format: "raw" },
    { name: "qcow2", format: "qcow2" },
    { name: "copy", format: "raw" },
  ]);
  assert.deepEqual(found.backends.map(({ name }) => name), ["qemu"]);
  const mac = await findAlternatives(
    createRegistry([]),
    { ...host, os: "darwin" },
    { backends: {}, networks: {} },
  );
  assert.deepEqual(mac.backends.map(({ name }) => name), ["qemu", "vfkit", "krunkit"]);
  assert.deepEqual(mac.storages.map(({ name }) => name), ["clonefile", "qcow2", "copy"]);
  const nat = {
    provider: "nat",
    attachmentKinds: ["user", "vz-nat"],
    forwardsPorts: true,
    forwardingKinds: ["user"],
  };
  assert.deepEqual(found.networks, [
    { name: "nat", ...nat, givesNoCard: false },
    { name: "lab", ...nat, givesNoCard: false },
    {
      name: "none",
      provider: "none",
      attachmentKinds: [],
      forwardsPorts: false,
      givesNoCard: true,
    },
  ]);
});

Deno.test("findAlternatives() leaves out what cannot be loaded or has wrong settings", async () => {
  const registry = createRegistry([{ name: "gone", kind: "storage", path: "/no/such.ts" }]);
  const found = await findAlternatives(registry, host, {
    backends: { qemu: { no_such_key: true } },
    networks: {
      odd: { provider: "nat", settings: { ssh_ports: "all" } },
      lost: { provider: "nowhere", settings: {} },
      none: { provider: "none", settings: {} },
    },
  });
  assert.ok(!found.backends.some(({ name }) => name === "qemu"));
  assert.ok(!found.storages.some(({ name }) => name === "gone"));
  assert.deepEqual(found.networks.map(({ name }) => name), ["none"]);
});

Deno.test("on a Mac with Apple silicon, vfkit says that krunkit lends the graphics processor", async () => {
  const hint = async (architecture: HostFacts["architecture"]) => {
    const mac: HostFacts = { ...host, os: "darwin", architecture };
    const registry = createRegistry([]);
    const vfkit = await registry.backend("vfkit");
    const found = refusals(
      {
        architecture,
        boot: "efi",
        diskCount: 2,
        nics: [],
        devices: { rng: true, balloon: true, vsock: false },
        features: [{ feature: "gpu", optional: false }],
      },
      {
        backend: { name: "vfkit", capabilities: vfkit.capabilities(mac, {}) },
        storage: undefined,
        networks: [],
      },
      await findAlternatives(registry, mac, { backends: {}, networks: {} }),
    );
    assert.deepEqual(
      found.map(({ message }) => message),
      ['backend "vfkit" gives guests no graphics processor (Vulkan)'],
    );
    return found[0]?.hint;
  };
  assert.equal(await hint("aarch64"), "Choose the backend krunkit, or leave out gpu.");
  assert.equal(await hint("x86_64"), "Leave out gpu.");
});
