import assert from "node:assert/strict";
import { machineRefusals } from "./refusals.ts";
import { machine, RAW, request } from "./testing/requests.ts";

const { dirs } = request();
const share = (hostPath: string) => ({ hostPath, tag: "code", readOnly: false });

Deno.test("machineRefusals() has nothing against paths that vfkit can be given", () => {
  const devices = { rng: true, balloon: true, shares: [share("/srv/my 'code' = \"this\"")] };
  assert.deepEqual(machineRefusals(machine({ devices }), dirs), []);
});

Deno.test("machineRefusals() names every path that vfkit cannot be given, not only the first", () => {
  const disks = [
    { role: "root" as const, path: "/d/a,b.raw", ...RAW, serial: "root" },
    { role: "data" as const, path: "/d/right.raw", ...RAW, serial: "logs" },
  ];
  const devices = {
    rng: true,
    balloon: true,
    shares: [share("/srv/c,d"), share("/srv/right"), share("/srv/e\nf")],
    networkDisks: [{ uri: "nbd://h/g,h", serial: "n", readOnly: true }],
  };
  const boot = { kind: "linux" as const, kernelPath: "/d/i,j", commandLine: "quiet" };
  const found = machineRefusals(machine({ disks, devices, boot }), dirs);
  assert.deepEqual(
    found.map(({ message }) => /cannot be given ("[^"]*")/.exec(message)?.[1]).sort(),
    ['"/d/a,b.raw"', '"/d/i,j"', '"/srv/c,d"', '"/srv/e\\nf"', '"nbd://h/g,h"'],
  );
  for (const { code, hint } of found) assert.deepEqual([code, hint !== undefined], ["usage", true]);
});

Deno.test("machineRefusals() refuses a kernel command line that its option has no spelling for", () => {
  const boot = { kind: "linux" as const, kernelPath: "/d/kernel", commandLine: 'a="b,c",d' };
  const [refusal, ...more] = machineRefusals(machine({ boot }), dirs);
  assert.match(refusal?.message ?? "", /kernel command line "a=\\"b,c\\",d"/);
  assert.deepEqual(more, []);
});

Deno.test("machineRefusals() refuses two disks of one serial", () => {
  const disks = ["x", "y"].map((name) => ({
    role: "data" as const,
    path: `/d/${name}`,
    ...RAW,
    serial: "one",
  }));
  assert.deepEqual(machineRefusals(machine({ disks }), dirs).map(({ message }) => message), [
    'disk serial "one": two disks of the machine have it',
  ]);
});
