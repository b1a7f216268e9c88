import assert from "node:assert/strict";
import type { LaunchPlan, Machine, PlanRequest } from "../../plugins/contract.ts";
import { CocoonError } from "../../errors/error.ts";
import { planMachine } from "./plan.ts";
import { settingsSchema } from "./settings.ts";
import { DEBIAN_PROBE, disk, machine, request } from "./testing/requests.ts";

/** `COCOON_UPDATE_GOLDEN=1` writes the files anew; look at the difference before it is kept. */
const UPDATE = Deno.env.get("COCOON_UPDATE_GOLDEN") === "1";

/** The plan as text: an option and its value on one line, then the rest of the plan. */
function render(plan: LaunchPlan): string {
  const lines: string[] = [];
  for (const { argv, ...rest } of plan.processes) {
    for (const word of argv) {
      const last = lines.at(-1);
      const takesValue = last !== undefined && /^-[a-z-]+$/.test(last) && !word.startsWith("-");
      if (takesValue) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    lines.push("", JSON.stringify(rest, null, 2));
  }
  lines.push(JSON.stringify({ ...plan, processes: undefined }, null, 2));
  return `${lines.join("\n")}\n`;
}

function checkGolden(name: string, given: PlanRequest): void {
  const path = new URL(`testdata/${name}.txt`, import.meta.url);
  const text = render(planMachine(given));
  if (UPDATE) Deno.writeTextFileSync(path, text);
  assert.equal(text, Deno.readTextFileSync(path));
}

function settings(table: Parameters<typeof settingsSchema.parse>[0]): PlanRequest["settings"] {
  const result = settingsSchema.parse(table);
  assert.ok("settings" in result);
  return result.settings;
}

const { firmware: _, ...WITHOUT_FIRMWARE } = DEBIAN_PROBE;

const DIRECT: Partial<Machine> = {
  boot: {
    kind: "linux",
    kernelPath: "/d/vms/x/vmlinuz, old",
    initrdPath: "/d/vms/x/initrd",
    commandLine: 'console=ttyS0 root=LABEL="a, b"',
  },
};

Deno.test("planMachine() plans an EFI machine on x86_64", () => {
  checkGolden("x86_64-efi-tcg", request());
});

Deno.test("planMachine() plans a direct kernel boot with kvm", () => {
  checkGolden(
    "x86_64-linux-kvm",
    request({
      machine: machine(DIRECT),
      probe: { ...WITHOUT_FIRMWARE, accelerator: "kvm" },
    }),
  );
});

Deno.test("planMachine() plans an aarch64 machine", () => {
  const firmware = {
    code: "/usr/share/AAVMF/AAVMF_CODE.fd",
    vars: "/usr/share/AAVMF/AAVMF_VARS.fd",
    codeFormat: "raw",
    varsFormat: "raw",
  };
  const program = "/usr/bin/qemu-system-aarch64";
  checkGolden(
    "aarch64-efi-tcg",
    request({
      machine: machine({ architecture: "aarch64" }),
      probe: { ...DEBIAN_PROBE, program, firmware },
    }),
  );
});

const WITH_CD: Machine["disks"] = [
  disk("root", "/d/root.raw", "raw"),
  { ...disk("seed", "/d/seed.iso", "raw"), readOnly: true },
  { ...disk("cdrom", "/d/images/cd, old.iso", "raw"), readOnly: true },
];

Deno.test("planMachine() plans a CD drive that each board's firmware boots after the disk", () => {
  const devices = (parts: Partial<Machine>) =>
    planMachine(request({ machine: machine({ disks: WITH_CD, ...parts }) })).processes
      .flatMap(({ argv }) => argv.filter((word) => /^\S+-cd,|-scsi-pci|bootindex/.test(word)));
  const root = "virtio-blk-pci,id=disk0-device,drive=disk0,serial=root,addr=0x0d";
  assert.deepEqual(devices({}), [
    `${root},bootindex=0`,
    "ide-cd,id=disk2-device,drive=disk2,serial=cdrom,bootindex=1,bus=ide.0",
  ]);
  assert.deepEqual(devices({ architecture: "aarch64" }), [
    `${root},bootindex=0`,
    "virtio-scsi-pci,id=disk2-scsi,addr=0x0f",
    "scsi-cd,id=disk2-device,drive=disk2,serial=cdrom,bootindex=1,bus=disk2-scsi.0",
  ]);
  // QEMU's own kernel has the first place.
  assert.deepEqual(devices(DIRECT), [
    "ide-cd,id=disk2-device,drive=disk2,serial=cdrom,bus=ide.0",
  ]);
});

Deno.test("planMachine() plans a machine with a CD", () => {
  checkGolden("x86_64-cd", request({ machine: machine({ disks: WITH_CD }) }));
});

Deno.test("planMachine() plans what tunes a machine, and disks on other controllers", () => {
  checkGolden(
    "x86_64-tuned",
    request({
      machine: machine({
        disks: [
          disk("root", "/d/root.raw", "raw"),
          { ...disk("data", "/d/fast.raw", "raw"), serial: "fast", bus: "nvme" },
          { ...disk("data", "/d/stick.iso", "raw"), serial: "stick", bus: "usb", readOnly: true },
        ],
        devices: { rng: true, balloon: true, watchdog: true },
        tuning: { hugepages: true, directIo: true, diskQueueSize: 512, netQueueSize: 1024 },
      }),
    }),
  );
});

Deno.test("planMachine() plans every device and setting at once", () => {
  const nics = Array.from({ length: 6 }, (_, index) => ({
    index,
    network: `net${index}`,
    mac: `52:54:00:00:00:0${index}`,
    forwards: [],
  }));
  const forward = { hostAddress: "0.0.0.0", guestPort: 53 };
  checkGolden(
    "x86_64-everything",
    request({
      machine: machine({
        nics,
        disks: [
          disk("data", "/d/a,b.raw", "raw"),
          disk("root", "/d/root.raw", "raw"),
          { ...disk("layer", "/d/layer.raw", "raw"), readOnly: true },
          disk("cow", "/d/cow.qcow2", "qcow2"),
        ],
        devices: { rng: false, balloon: false, vsock: { cid: 4711 } },
      }),
      attachments: [
        { kind: "dgram-fd", link: "first" },
        {
          kind: "user",
          guestCidr: "10.9.0.0/24",
          forwards: [
            { ...forward, protocol: "udp", hostPort: 5353 },
            { ...forward, protocol: "tcp", hostPort: 5354 },
          ],
        },
        { kind: "dgram-fd", link: "second" },
        { kind: "stream-path", path: "/d/run/gv,proxy.sock" },
        { kind: "dgram-path", path: "/d/run/switch.sock" },
        { kind: "tap", interface: "tap0" },
      ],
      settings: settings({
        cpu: "EPYC,+avx2",
        machine: "pc-q35-7.2",
        sandbox: false,
        screen: false,
        extra_args: ["-s", "-machine", "smm=off"],
      }),
    }),
  );
});

Deno.test("planMachine() runs QEMU in the namespace of its TAP interface", () => {
  const attachments = [{ kind: "tap", interface: "eth0", namespacePath: "/run/netns/a" }] as const;
  const [process] = planMachine(request({ attachments: [...attachments] })).processes;
  assert.deepEqual(process?.argv.slice(0, 4), [
    ...["nsenter", "--net=/run/netns/a", "--", "/usr/bin/qemu-system-x86_64"],
  ]);
});

Deno.test("planMachine() is pure: equal requests, equal plans, nothing changed", () => {
  const given = request();
  const before = structuredClone(given);
  const plan = planMachine(given);
  assert.deepEqual(given, before);
  assert.deepEqual(planMachine(structuredClone(before)), plan);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});

Deno.test("planMachine() keeps a device's slot when others come and go", () => {
  const slotOf = (plan: LaunchPlan, id: string) =>
    plan.processes[0]?.argv.find((word) => word.includes(`id=${id}`))?.match(/addr=(\w+)/)?.[1];
  const small = planMachine(request());
  const [first, ...others] = machine().disks;
  assert.ok(first);
  const large = planMachine(request({
    machine: machine({
      disks: [first, ...others, disk("data", "/d/data.raw", "raw")],
      devices: { rng: true, balloon: false },
    }),
  }));
  for (const id of ["nic0-device", "disk0-device", "disk1-device", "virtio-rng-pci"]) {
    assert.ok(slotOf(small, id), id);
    assert.equal(slotOf(small, id), slotOf(large, id));
  }
});

Deno.test("planMachine() gives no two devices of the largest machine one slot", () => {
  const many = <T>(length: number, make: (i: number) => T) =>
    Array.from({ length }, (_, i) => make(i));
  const [process] = planMachine(request({
    machine: machine({
      disks: many(16, (i) => ({ ...disk("data", `/d/${i}.raw`, "raw"), serial: `d${i}` })),
      nics: many(8, (index) => ({
        index,
        network: "n",
        mac: `52:54:00:00:00:0${index}`,
        forwards: [],
      })),
      devices: { rng: true, balloon: true, vsock: { cid: 3 } },
    }),
  })).processes;
  const slots = (process?.argv ?? []).flatMap((word) => word.match(/addr=(0x\w\w)/)?.[1] ?? []);
  assert.equal(slots.length, 16 + 8 + 4);
  assert.equal(new Set(slots).size, slots.length);
  // 0 is the host bridge, 0x1e and 0x1f are q35's own.
  for (const slot of slots) assert.ok(Number(slot) >= 1 && Number(slot) <= 0x1d, slot);
});

Deno.test("planMachine() refuses what QEMU can't do", async (t) => {
  const cases: [string, Partial<PlanRequest>, string, RegExp][] = [
    [
      "macOS",
      {
        machine: machine({
          boot: {
            kind: "macos",
            machineIdentifierPath: "/i",
            hardwareModelPath: "/m",
            auxImagePath: "/a",
          },
        }),
      },
      "usage",
      /can't boot macOS/,
    ],
    ["Apple's NAT", { attachments: [{ kind: "vz-nat" }] }, "usage", /vz-nat/],
    [
      "an IPv6 forward",
      {
        attachments: [{
          kind: "user",
          forwards: [{ protocol: "tcp", hostAddress: "::1", hostPort: 1, guestPort: 2 }],
        }],
      },
      "usage",
      /cannot forward from "::1"/,
    ],
    [
      "a datagram network on an old QEMU",
      {
        attachments: [{ kind: "dgram-fd", link: "l" }],
        probe: { ...DEBIAN_PROBE, version: [7, 1, 0] },
      },
      "host-lacks",
      /qemu 7\.1\.0 has no dgram sockets, needed is 7\.2\.0/,
    ],
    [
      "a stream network on an old QEMU",
      {
        attachments: [{ kind: "stream-path", path: "/s" }],
        probe: { ...DEBIAN_PROBE, version: [6, 2, 0] },
      },
      "host-lacks",
      /no stream sockets/,
    ],
    [
      "too many disks",
      {
        machine: machine({
          disks: Array.from({ length: 17 }, (_, i) => disk("data", `/d/${i}`, "raw")),
        }),
      },
      "usage",
      /17 disks, but qemu takes at most 16/,
    ],
    [
      "too many NICs",
      {
        machine: machine({
          nics: [{ index: 8, network: "n", mac: "52:54:00:00:00:01", forwards: [] }],
        }),
        attachments: [{ kind: "user", forwards: [] }],
      },
      "usage",
      /9 NICs, but qemu takes at most 8/,
    ],
  ];
  for (const [name, parts, code, message] of cases) {
    await t.step(name, () => {
      assert.throws(() => planMachine(request(parts)), (error: unknown) => {
        assert.ok(error instanceof CocoonError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(error.hint);
        return true;
      });
    });
  }
});

Deno.test("planMachine() refuses NICs in different namespaces", () => {
  const [nic] = machine().nics;
  assert.ok(nic);
  assert.throws(
    () =>
      planMachine(request({
        machine: machine({ nics: [nic, { ...nic, index: 1 }] }),
        attachments: [
          { kind: "tap", interface: "a", namespacePath: "/run/netns/a" },
          { kind: "user", forwards: [] },
        ],
      })),
    /different network namespaces/,
  );
});

Deno.test("planMachine() tells a caller's defect apart from a user's mistake", () => {
  assert.throws(() => planMachine(request({ attachments: [] })), TypeError);
  assert.throws(() => planMachine(request({ probe: {} })), TypeError);
  assert.throws(() => planMachine(request({ settings: { screen: 1 } })), TypeError);
  assert.throws(() => planMachine(request({ probe: WITHOUT_FIRMWARE })), TypeError);
});
