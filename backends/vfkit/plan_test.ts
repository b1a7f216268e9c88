import assert from "node:assert/strict";
import { quoteShell } from "../../host/shell.ts";
import type { Machine, PlanRequest } from "../../plugins/contract.ts";
import { assertGolden } from "../../tests/support/golden.ts";
import vfkit from "./mod.ts";
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

const everything: Partial<Machine> = {
  boot: {
    kind: "linux",
    kernelPath: "/d/vms/0123456789ab/kernel",
    initrdPath: "/d/vms/0123456789ab/initrd",
    commandLine: "console=hvc0,115200 root=/dev/vda rw",
  },
  disks: [
    { role: "root", path: "/d/vms/0123456789ab/root.raw", ...RAW, serial: "root" },
    { role: "data", path: "/d/vms/0123456789ab/data-logs.raw", ...RAW, serial: "logs" },
    { role: "data", path: "/d/vms/0123456789ab/n.raw", ...RAW, serial: "n", bus: "nvme" },
    { role: "data", path: "/d/i.iso", format: "raw", readOnly: true, serial: "i", bus: "usb" },
  ],
  nics: [0, 1, 2, 3].map((index) => ({
    index,
    network: `net${index}`,
    mac: `52:54:00:12:34:5${index}`,
    forwards: [],
  })),
  devices: {
    rng: true,
    balloon: true,
    vsock: { cid: 7 },
    shares: [
      { hostPath: "/srv/my code", tag: "code", readOnly: false },
      { hostPath: "/srv/k=v", tag: "data", readOnly: false },
    ],
    rosetta: { tag: "rosetta" },
    display: { widthPixels: 1280, heightPixels: 800 },
    input: true,
    networkDisks: [{ uri: "nbd://10.0.0.1/store", serial: "store", readOnly: true }],
  },
};

const golden = (name: string, parts: Partial<PlanRequest>) =>
  Deno.test(`planMachine() is as reviewed: ${name}`, async () => {
    const plan = planMachine(request(parts));
    const words = plan.processes[0]?.argv ?? [];
    const lines = words.map(quoteShell).join(" ").replaceAll(/ (?=--)/g, " \\\n  ");
    const rest = { ...plan, processes: plan.processes.map(({ argv: _, ...others }) => others) };
    const text = `${lines}\n\n${JSON.stringify(rest, null, 2)}\n`;
    await assertGolden(import.meta.url, `${name.replaceAll(" ", "_")}.txt`, text);
  });

golden("a first start by EFI", {});

Deno.test("planMachine() attaches a CD as a USB stick", () => {
  const cd = { role: "cdrom", path: "/d/cd.iso", format: "raw", readOnly: true } as const;
  const words = devices({ disks: [{ ...cd, serial: "a serial that no virtio disk may have" }] });
  assert.deepEqual(words.filter((word) => word.includes("/d/cd.iso")), [
    "usb-mass-storage,path=/d/cd.iso,readonly",
  ]);
});
golden("every device", {
  machine: machine(everything),
  attachments: [
    { kind: "vz-nat" },
    { kind: "dgram-fd", link: "one" },
    { kind: "dgram-fd", link: "two" },
    { kind: "dgram-path", path: "/d/run/0123456789ab/gvproxy.sock" },
  ],
  settings: {
    nested: true,
    timesync_port: 1234,
    log_level: "debug",
    extra_args: ["--pidfile", "/tmp/p"],
  },
});
golden("macOS", {
  machine: machine({
    boot: {
      kind: "macos",
      machineIdentifierPath: "/d/vms/0123456789ab/machine-identifier",
      hardwareModelPath: "/d/vms/0123456789ab/hardware-model",
      auxImagePath: "/d/vms/0123456789ab/aux-image",
    },
  }),
});
golden("an old vfkit", { probe: { ...PROBE, version: [0, 6, 0], storeExists: true } });

Deno.test("planMachine() has the EFI store made only while there is none", () => {
  const boot = (storeExists: boolean) =>
    values(argv({ probe: { ...PROBE, storeExists } }), "--bootloader")[0];
  const store = "efi,variable-store=/d/vms/0123456789ab/efi-variables.fd";
  assert.equal(boot(false), `${store},create`);
  assert.equal(boot(true), store);
});

Deno.test("planMachine() gives a kernel without an initrd one that holds nothing", () => {
  const boot = { kind: "linux" as const, kernelPath: "/d/kernel", commandLine: "root=/dev/vda" };
  const plan = planMachine(request({ machine: machine({ boot }) }));
  const path = "/d/vms/0123456789ab/empty-initrd";
  assert.equal(
    values(plan.processes[0]?.argv ?? [], "--bootloader")[0],
    `linux,kernel=/d/kernel,initrd=${path},cmdline="root=/dev/vda"`,
  );
  const [file] = plan.files;
  assert.ok(file !== undefined && "text" in file.source);
  assert.equal(file.path, path);
  // A newc archive of one entry: 110 characters of header, the name, and padding to 4 bytes.
  assert.equal(file.source.text.length, 124);
  assert.ok(file.source.text.slice(110).startsWith("TRAILER!!!\0"));
});

Deno.test("planMachine() takes memory in whole MiB only", () => {
  const memory = (memoryBytes: number) =>
    values(argv({ machine: machine({ memoryBytes }) }), "--memory");
  assert.deepEqual(memory(1536 * 2 ** 20), ["1536"]);
  assert.throws(() => memory(1536 * 2 ** 20 + 1), {
    code: "usage",
    message: 'machine "web": 1610612737 bytes of memory are no whole number of MiB',
    hint: "Give it 1536M.",
  });
});

Deno.test("planMachine() writes the control socket's path so that vfkit reads it back", () => {
  const dirs = { data: "/d/vms/x", run: "/d/a b%c?#é/x" };
  assert.deepEqual(values(argv({ dirs }), "--restful-uri"), [
    "unix:///d/a%20b%25c%3F%23%C3%A9/x/vfkit.sock",
  ]);
  assert.equal(planMachine(request({ dirs })).control.socketPath, "/d/a b%c?#é/x/vfkit.sock");
});

Deno.test("planMachine() refuses a path that vfkit cannot be given, naming it", () => {
  const disk = (path: string) => devices({ disks: [{ role: "root", path, ...RAW, serial: "r" }] });
  assert.equal(disk('/d/a b"c=d.raw')[0], 'virtio-blk,path=/d/a b"c=d.raw,deviceId=r');
  for (const path of ["/d/a,b.raw", "/d/a\nb.raw"]) {
    assert.throws(() => disk(path), (error: Error) => {
      assert.ok(error.message.includes(JSON.stringify(path)), error.message);
      return "code" in error && error.code === "usage";
    });
  }
  for (const path of ["/d/a,b", '/d/a"b', "/d/a\rb"]) {
    const boot = { kind: "efi" as const, variableStorePath: path };
    assert.throws(() => devices({ boot }), { code: "usage" });
  }
  const share = { hostPath: "/Users of this/a,b", tag: "t", readOnly: false };
  const wanted = { rng: false, balloon: false, shares: [share] };
  assert.throws(() => devices({ devices: wanted }), { code: "usage", message: /a,b/ });
});

Deno.test("planMachine() refuses serials that Apple would refuse, and one twice", () => {
  const disks = (...serials: string[]) =>
    serials.map((serial) => ({ role: "data" as const, path: "/d/x", ...RAW, serial }));
  assert.equal(devices({ disks: disks("a".repeat(20)) }).length > 0, true);
  for (const serial of ["", "a".repeat(21), "dé", "a b", "a,b"]) {
    assert.throws(() => devices({ disks: disks(serial) }), { code: "usage" }, serial);
  }
  assert.throws(() => devices({ disks: disks("one", "one") }), {
    message: 'disk serial "one": two disks of the machine have it',
  });
  const networkDisks = [{ uri: "nbd://h/x", serial: "one", readOnly: false }];
  const wanted = { rng: false, balloon: false, networkDisks };
  assert.throws(() => devices({ disks: disks("one"), devices: wanted }), { code: "usage" });
});

Deno.test("planMachine() refuses what vfkit cannot run, with a way out", () => {
  const qcow2 = { role: "root" as const, path: "/d/r", format: "qcow2" as const, readOnly: false };
  assert.throws(() => devices({ disks: [{ ...qcow2, serial: "r" }] }), {
    message: "disk /d/r: vfkit cannot run a qcow2 disk",
    hint: /storage = "auto"/,
  });
  assert.throws(() => devices({}, { attachments: [{ kind: "user", forwards: [] }] }), {
    code: "usage",
    message: 'network "nat": vfkit cannot attach a card by user',
  });
  const networkDisks = [{ uri: "http://h/x", serial: "one", readOnly: false }];
  assert.throws(() => devices({ devices: { rng: false, balloon: false, networkDisks } }), {
    message: "network disk http://h/x: not the address of an NBD server",
  });
});

Deno.test("planMachine() refuses a network socket in a folder whose path is too long", () => {
  const path = (length: number) => `/${"x".repeat(length - 1)}/s.sock`;
  const plug = (length: number) =>
    devices({}, { attachments: [{ kind: "dgram-path", path: path(length) }] });
  assert.ok(plug(73).some((option) => option.startsWith("virtio-net,unixSocketPath=/xxx")));
  assert.throws(() => plug(75), { code: "usage", hint: "Set COCOON_HOME to a shorter path." });
});

Deno.test("planMachine() asks an old vfkit for nothing that it has not got", () => {
  const probe = (patch: number) => ({ ...PROBE, version: [0, 6, patch] });
  const balloon = (patch: number) =>
    devices({}, { probe: probe(patch) }).includes("virtio-balloon");
  assert.deepEqual([0, 1, 2].map(balloon), [false, true, true]);
  const console = (patch: number) => planMachine(request({ probe: probe(patch) })).console;
  assert.deepEqual(console(1), { kind: "log-only", loggedBy: "hypervisor" });
  assert.deepEqual(console(2), { kind: "pty", loggedBy: "supervisor" });
  const nested = (patch: number) => argv({ probe: probe(patch), settings: { nested: true } });
  assert.ok(nested(2).includes("--nested"));
  assert.throws(() => nested(1), { code: "host-lacks", message: /0\.6\.1 has no nested/ });
});

Deno.test("capabilities() have macOS guests and Rosetta on Apple silicon only", () => {
  const facts = { os: "darwin", cpus: 8, memoryBytes: 2 ** 34 } as const;
  const silicon = vfkit.capabilities({ ...facts, architecture: "aarch64" }, {});
  const intel = vfkit.capabilities({ ...facts, architecture: "x86_64" }, {});
  assert.deepEqual(silicon.boots, ["efi", "linux", "macos"]);
  assert.deepEqual(intel.boots, ["efi", "linux"]);
  assert.ok(silicon.features?.includes("rosetta"));
  assert.ok(!intel.features?.includes("rosetta"));
  for (const never of ["hugepages", "direct-io", "disk-queue-size", "read-only-shares"] as const) {
    assert.ok(!silicon.features?.includes(never), never);
  }
  assert.deepEqual(intel.architectures, ["x86_64"]);
  const chosen = vfkit.capabilities({ ...facts, architecture: "x86_64" }, {
    architecture: "aarch64",
  });
  assert.deepEqual(chosen, silicon);
});
