import assert from "node:assert/strict";
import type { Capabilities } from "./contract.ts";
import { featureWarnings, type FeatureWish, missingFeatures } from "./features.ts";
import { type Alternatives, type Choice, type MachineWish, refusals } from "./refusals.ts";

const everything: Capabilities = {
  architectures: ["x86_64", "aarch64"],
  boots: ["efi", "linux"],
  diskFormats: ["raw", "qcow2"],
  attachments: ["user", "tap"],
  maxDisks: 8,
  maxNics: 4,
  pause: true,
  balloon: true,
  vsock: true,
  rng: true,
  screenshot: true,
  console: "read-write",
};
const little: Capabilities = {
  ...everything,
  architectures: ["aarch64"],
  boots: ["linux"],
  diskFormats: ["raw"],
  attachments: ["dgram-fd"],
  maxDisks: 1,
  maxNics: 1,
  balloon: false,
  vsock: false,
  rng: false,
};
const nat = {
  name: "default",
  provider: "nat",
  attachmentKinds: ["user" as const],
  forwardsPorts: true,
  givesNoCard: false,
};
const off = { ...nat, name: "off", provider: "none", attachmentKinds: [], forwardsPorts: false };
const none = { ...off, givesNoCard: true };
const lan = {
  ...nat,
  name: "lan",
  provider: "wire",
  attachmentKinds: ["dgram-fd" as const],
  forwardsPorts: false,
};
const wish: MachineWish = {
  architecture: "x86_64",
  boot: "efi",
  diskCount: 2,
  nics: [{ network: "default", forwards: [] }],
  devices: { rng: true, balloon: true, vsock: true },
};
const forward = {
  protocol: "tcp" as const,
  hostAddress: "127.0.0.1",
  hostPort: 8080,
  guestPort: 80,
};
const good: Choice = {
  backend: { name: "big", capabilities: everything },
  storage: { name: "qcow2", format: "qcow2" },
  networks: [nat],
};
const all: Alternatives = {
  backends: [good.backend, { name: "small", capabilities: little }],
  storages: [{ name: "qcow2", format: "qcow2" }, { name: "copy", format: "raw" }],
  networks: [nat, none, lan],
};
const told = (list: { message: string; hint: string | undefined }[]) =>
  list.map(({ message, hint }) => ({ message, hint }));

Deno.test("refusals() is empty when everything fits", () => {
  assert.deepEqual(refusals(wish, good, all), []);
});

Deno.test("refusals() holds a machine's memory to the backend's limit", () => {
  const backend = {
    name: "narrow",
    capabilities: { ...everything, maxMemoryBytes: 60 * 2 ** 30 },
  };
  const asked = (memoryBytes: number) =>
    told(refusals({ ...wish, memoryBytes }, { ...good, backend }, all));
  assert.deepEqual(asked(60 * 2 ** 30), []);
  assert.deepEqual(asked(61 * 2 ** 30), [{
    message: 'backend "narrow" gives a machine at most 61440 MiB of memory, not 62464 MiB',
    hint: "Choose the backend big or small, or use less memory.",
  }]);
});

Deno.test("refusals() names everything that a backend cannot do, at once, with what can", () => {
  const choice = { ...good, backend: { name: "small", capabilities: little } };
  const nics = [...wish.nics, ...wish.nics];
  const found = refusals({ ...wish, nics }, choice, all);
  assert.ok(found.every((error) => error.code === "usage"));
  assert.deepEqual(told(found), [
    {
      message: 'backend "small" cannot run x86_64 machines on this computer',
      hint: "Choose the backend big, or take an image for aarch64.",
    },
    {
      message: 'backend "small" cannot boot this way: efi',
      hint: "Choose the backend big, or boot by linux.",
    },
    {
      message: 'backend "small" takes at most 1 disk, not 2',
      hint: "Choose the backend big, or use fewer disks.",
    },
    {
      message: 'backend "small" takes at most 1 network card, not 2',
      hint: "Choose the backend big, or use fewer network cards.",
    },
    {
      message: 'backend "small" has no random number device',
      hint: "Choose the backend big, or leave out rng.",
    },
    {
      message: 'backend "small" has no memory balloon',
      hint: "Choose the backend big, or leave out balloon.",
    },
    {
      message: 'backend "small" has no vsock device',
      hint: "Choose the backend big, or leave out vsock.",
    },
    {
      message: 'storage driver "qcow2" makes qcow2 disks, but backend "small" takes raw',
      hint: "Choose the storage driver copy, or choose the backend big.",
    },
    ...[0, 1].map((index) => ({
      message: `network card ${index} on "default": its provider "nat" plugs in by user, but ` +
        'backend "small" takes dgram-fd',
      hint: "Choose the network lan, or choose the backend big.",
    })),
  ]);
});

Deno.test("refusals() leaves the storage driver to `auto`", () => {
  const bare = { ...everything, diskFormats: ["raw" as const] };
  const choice = { ...good, backend: { name: "bare", capabilities: bare }, storage: undefined };
  assert.deepEqual(refusals(wish, choice, all), []);
});

Deno.test("refusals() refuses only devices that are wished for", () => {
  const bare = { ...everything, balloon: false, rng: false, vsock: false };
  const choice = { ...good, backend: { name: "bare", capabilities: bare } };
  const devices = { rng: false, balloon: false, vsock: false };
  assert.deepEqual(refusals({ ...wish, devices }, choice, all), []);
});

Deno.test("refusals() refuses forwards on a provider without them and names one that has them", () => {
  const capabilities = { ...everything, attachments: ["user" as const, "dgram-fd" as const] };
  const choice = { ...good, backend: { name: "big", capabilities }, networks: [lan] };
  const nics = [{ network: "lan", forwards: [forward] }];
  assert.deepEqual(told(refusals({ ...wish, nics }, choice, all)), [{
    message: 'network card 0 on "lan": its provider "wire" does not forward ports',
    hint: "Choose the network default, or leave out the forwards.",
  }]);
});

Deno.test("refusals() offers no network that would drop the card or the forwards", () => {
  const choice = {
    ...good,
    backend: { name: "small", capabilities: { ...little, attachments: ["dgram-fd" as const] } },
    storage: { name: "copy", format: "raw" as const },
  };
  const small: MachineWish = {
    ...wish,
    architecture: "aarch64",
    boot: "linux",
    diskCount: 1,
    nics: [{ network: "default", forwards: [forward] }],
    devices: { rng: false, balloon: false, vsock: false },
  };
  const [only, ...rest] = refusals(small, choice, all);
  assert.deepEqual(rest, []);
  assert.equal(only?.hint, "Choose the backend big.");
});

Deno.test("refusals() tells a provider that gives no card from one that cannot work here", () => {
  const nics = [{ network: "off", forwards: [] }];
  assert.deepEqual(refusals({ ...wish, nics }, { ...good, networks: [none] }, all), []);
  const [broken] = refusals({ ...wish, nics }, { ...good, networks: [off] }, all);
  assert.equal(
    broken?.message,
    'network card 0 on "off": its provider "none" cannot be used on this computer',
  );
});

Deno.test("refusals() refuses forwards where the backend takes no card that forwards them", () => {
  const both = {
    ...nat,
    attachmentKinds: ["user" as const, "vz-nat" as const],
    forwardingKinds: ["user" as const],
  };
  const apple = {
    name: "apple",
    capabilities: { ...everything, attachments: ["vz-nat" as const] },
  };
  const nics = [{ network: "default", forwards: [forward] }];
  const choice = { ...good, backend: apple, networks: [both] };
  assert.deepEqual(told(refusals({ ...wish, nics }, choice, { ...all, networks: [both] })), [{
    message:
      'network card 0 on "default": its provider "nat" does not forward ports with backend "apple"',
    hint: "Choose the backend big, or leave out the forwards.",
  }]);
  assert.deepEqual(refusals(wish, choice, all), []);
});

Deno.test("refusals() refuses each feature that the backend lacks and names a backend that has it", () => {
  const features: FeatureWish[] = [
    { feature: "hugepages", optional: false },
    { feature: "shares", optional: false },
    { feature: "direct-io", optional: true },
    { feature: "watchdog", optional: false },
  ];
  const tuned = {
    name: "tuned",
    capabilities: { ...everything, features: ["hugepages" as const] },
  };
  const found = refusals({ ...wish, features }, good, { ...all, backends: [good.backend, tuned] });
  assert.deepEqual(told(found), [
    {
      message: 'backend "big" cannot use huge pages',
      hint: "Choose the backend tuned, or leave out hugepages.",
    },
    {
      message: 'backend "big" cannot share folders with the guest',
      hint: "Leave out the shares.",
    },
  ]);
  assert.deepEqual(featureWarnings("big", features, []), [
    'backend "big" has no watchdog; the machine is made without one',
  ]);
  assert.deepEqual(missingFeatures(features, ["shares", "hugepages"]), {
    refused: [],
    warned: ["watchdog"],
    leftOut: ["direct-io"],
  });
});

Deno.test("refusals() without alternatives still says what is wrong", () => {
  const storage = { name: "odd", format: "qcow2" as const };
  const backend = { name: "big", capabilities: { ...everything, diskFormats: ["raw" as const] } };
  const found = refusals(wish, { ...good, storage, backend });
  assert.deepEqual(told(found), [{
    message: 'storage driver "odd" makes qcow2 disks, but backend "big" takes raw',
    hint: undefined,
  }]);
});

Deno.test("refusals() changes nothing that it is given", () => {
  const before = JSON.stringify([wish, good, all]);
  refusals({ ...wish, nics: [] }, { ...good, networks: [] }, all);
  refusals(wish, { ...good, backend: { name: "small", capabilities: little } }, all);
  assert.equal(JSON.stringify([wish, good, all]), before);
});
