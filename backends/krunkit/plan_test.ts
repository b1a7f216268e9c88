import assert from "node:assert/strict";
import { quoteShell } from "../../host/shell.ts";
import type { Attachment, Disk, Machine, PlanRequest } from "../../plugins/contract.ts";
import { assertGolden } from "../../tests/support/golden.ts";
import krunkit from "./mod.ts";
import { planMachine } from "./plan.ts";
import { machine, PROBE, RAW, request } from "./testing/requests.ts";

function argv(parts: Partial<PlanRequest> = {}): string[] {
  return planMachine(request(parts)).processes[0]?.argv ?? [];
}

/** The values of a flag, in order. */
function values(words: readonly string[], flag: string): string[] {
  return words.flatMap((word, i) => word === flag ? [words[i + 1] ?? ""] : []);
}

const devices = (parts: Partial<Machine>, more: Partial<PlanRequest> = {}) =>
  values(argv({ machine: machine(parts), ...more }), "--device");

const golden = (name: string, parts: Partial<PlanRequest>) =>
  Deno.test(`planMachine() is as reviewed: ${name}`, async () => {
    const plan = planMachine(request(parts));
    const words = plan.processes[0]?.argv ?? [];
    const lines = words.map(quoteShell).join(" ").replaceAll(/ (?=--)/g, " \\\n  ");
    const rest = { ...plan, processes: plan.processes.map(({ argv: _, ...others }) => others) };
    const text = `${lines}\n\n${JSON.stringify(rest, null, 2)}\n`;
    await assertGolden(import.meta.url, `${name.replaceAll(" ", "_")}.txt`, text);
  });

golden("a plain machine", {});
golden("everything", {
  machine: machine({
    disks: [
      {
        role: "root",
        path: "/d/vms/0123456789ab/root.qcow2",
        format: "qcow2",
        serial: "root",
        readOnly: false,
      },
      { role: "data", path: "/d/vms/0123456789ab/data-logs.raw", ...RAW, serial: "logs" },
      {
        role: "seed",
        path: "/d/vms/0123456789ab/seed.iso",
        ...RAW,
        serial: "seed",
        readOnly: true,
      },
    ],
    nics: [0, 1, 2, 3].map((index) => ({
      index,
      network: `net${index}`,
      mac: `52:54:00:12:34:5${index}`,
      forwards: [],
    })),
    devices: {
      rng: true,
      balloon: false,
      gpu: true,
      shares: [{ hostPath: "/srv/my code", tag: "code", readOnly: false }],
    },
  }),
  attachments: [
    { kind: "dgram-fd", link: "one" },
    { kind: "dgram-path", path: "/d/run/0123456789ab/gvproxy.sock" },
    { kind: "dgram-fd", link: "two" },
    { kind: "stream-path", path: "/d/run/0123456789ab/qemu.sock" },
  ],
  settings: {
    firmware: "/opt/fw.fd",
    nested: true,
    timesync_port: 1234,
    log_level: "debug",
    extra_args: ["--oem-string", "a=b"],
  },
});

Deno.test("planMachine() gives whole MiB of memory, up to krunkit's limit", () => {
  const memory = (memoryBytes: number) =>
    values(argv({ machine: machine({ memoryBytes }) }), "--memory");
  assert.deepEqual(memory(61_440 * 2 ** 20), ["61440"]);
  assert.throws(() => memory(61_441 * 2 ** 20), {
    code: "usage",
    message: 'machine "web": krunkit gives a machine at most 61440 MiB, not 61441 MiB',
  });
  assert.throws(() => memory(1536 * 2 ** 20 + 1), { code: "usage", hint: "Give it 1536M." });
});

Deno.test("planMachine() refuses a path that krunkit cannot be given, naming it", () => {
  const disk = (path: string) => devices({ disks: [{ role: "root", path, ...RAW, serial: "r" }] });
  assert.equal(disk('/d/a b"c.raw')[0], 'virtio-blk,path=/d/a b"c.raw,format=raw');
  for (const path of ["/d/a,b.raw", "/d/a=b.raw", "/d/a\nb.raw"]) {
    assert.throws(() => disk(path), (error: Error) => {
      assert.ok(error.message.includes(JSON.stringify(path)), error.message);
      return "code" in error && error.code === "usage";
    });
  }
  const share = { hostPath: "/srv/k=v", tag: "t", readOnly: false };
  const wanted = { rng: false, balloon: false, shares: [share] };
  assert.throws(() => devices({ devices: wanted }), { code: "usage", message: /k=v/ });
});

Deno.test("planMachine() refuses what krunkit cannot attach, with a way out", () => {
  const root: Disk = { role: "root", path: "/d/r", ...RAW, serial: "r" };
  assert.throws(() => devices({ disks: [{ ...root, bus: "nvme" }] }), {
    message: "disk /d/r: krunkit has no nvme disks",
  });
  assert.throws(() => devices({ disks: [root, { ...root, role: "layer", readOnly: true }] }), {
    message: "disk /d/r: krunkit cannot keep a guest from writing to it",
  });
  const boot = { kind: "linux" as const, kernelPath: "/k", commandLine: "" };
  assert.throws(() => devices({ boot }), { code: "usage", message: /boot this way: linux/ });
  const others: Attachment[] = [{ kind: "user", forwards: [] }, { kind: "vz-nat" }];
  for (const attachment of others) {
    assert.throws(() => devices({}, { attachments: [attachment] }), {
      code: "usage",
      message: `network "lan": krunkit cannot attach a card by ${attachment.kind}`,
    });
  }
});

Deno.test("planMachine() leaves room for the sockets that libkrun binds beside the network's", () => {
  const plug = (path: string, run = "/d/run/0123456789ab") =>
    devices({}, { attachments: [{ kind: "dgram-path", path }], dirs: { data: "/d", run } });
  const path = (length: number) => "/".padEnd(length, "x");
  // "-krun.sock" and the end: 11 of 104 bytes.
  assert.ok(plug(path(93)).some((option) => option.startsWith("virtio-net,type=unixgram")));
  assert.throws(() => plug(path(94)), { code: "usage", hint: /COCOON_HOME/ });
  assert.throws(() => plug("/s", path(80)), { code: "usage", hint: /COCOON_HOME/ });
});

Deno.test("planMachine() asks an old krunkit for nothing that it has not got", () => {
  const plan = (version: number[], parts: Partial<PlanRequest>) =>
    argv({ probe: { ...PROBE, version }, ...parts });
  const many = { machine: machine({ cpus: 9 }) };
  assert.deepEqual(values(plan([1, 1, 0], many), "--cpus"), ["9"]);
  assert.throws(() => plan([1, 0, 0], many), {
    code: "host-lacks",
    message: 'machine "web": krunkit 1.0.0 gives a machine at most 8 CPUs, not 9',
  });
  for (const settings of [{ timesync_port: 5 }, { firmware: "/fw" }]) {
    assert.ok(plan([1, 2, 0], { settings }).length > 0);
    assert.throws(() => plan([1, 1, 9], { settings }), { code: "host-lacks" });
  }
});

Deno.test("capabilities() are those of Apple silicon, and nothing on an Intel Mac", () => {
  const facts = { os: "darwin", cpus: 8, memoryBytes: 2 ** 34 } as const;
  const silicon = krunkit.capabilities({ ...facts, architecture: "aarch64" }, {});
  assert.deepEqual([silicon.architectures, silicon.boots], [["aarch64"], ["efi"]]);
  assert.deepEqual(silicon.features, ["shares", "gpu"]);
  assert.deepEqual([silicon.console, silicon.pause, silicon.diskSerials], [
    "read-only",
    false,
    false,
  ]);
  const intel = krunkit.capabilities({ ...facts, architecture: "x86_64" }, {});
  assert.deepEqual([intel.architectures, intel.features], [[], []]);
  const chosen = krunkit.capabilities({ ...facts, architecture: "x86_64" }, {
    architecture: "aarch64",
  });
  assert.deepEqual(chosen, silicon);
});
