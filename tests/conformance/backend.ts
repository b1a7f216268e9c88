/** The contract of backends, as checks. Booting real guests is for other tests. */
import assert from "node:assert/strict";
import { messageOf } from "../../errors/error.ts";
import type {
  Architecture,
  Attachment,
  AttachmentKind,
  Backend,
  BootKind,
  Capabilities,
  HostFacts,
  JsonObject,
  LaunchPlan,
  Machine,
  PlanRequest,
  Probe,
} from "../../plugins/contract.ts";
import {
  assertFindings,
  assertJson,
  assertRefusal,
  assertRefused,
  type Check,
  commonChecks,
  deepFreeze,
  parsed,
  withoutIo,
} from "./check.ts";
import { controlChecks } from "./control.ts";
import { bareHost, DIRS, HOSTS, sampleMachine, sampleNic } from "./samples.ts";

/** With what a backend is tried. */
export interface BackendFixture {
  /** The computer that plans are made for. */
  facts: HostFacts;
  /** `[backends.NAME]`, as a user may write it. */
  settings: JsonObject;
  /** What the backend's `probe` finds for this machine where everything is installed. */
  probe(machine: Machine): Probe;
}

const ATTACHMENTS: { [K in AttachmentKind]: Extract<Attachment, { kind: K }> } = {
  user: {
    kind: "user",
    forwards: [
      { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 22_001, guestPort: 22 },
    ],
  },
  "vz-nat": { kind: "vz-nat" },
  "dgram-fd": { kind: "dgram-fd", link: "link0" },
  "dgram-path": { kind: "dgram-path", path: `${DIRS.run}/network.sock` },
  "dgram-path-offload": { kind: "dgram-path-offload", path: `${DIRS.run}/network.sock` },
  "stream-path": { kind: "stream-path", path: `${DIRS.run}/network.sock` },
  tap: { kind: "tap", interface: "cocoon0" },
};

const KNOWN: { [K in keyof Capabilities]?: readonly unknown[] } = {
  architectures: ["x86_64", "aarch64"],
  boots: ["efi", "linux", "macos"],
  diskFormats: ["raw", "qcow2"],
  attachments: Object.keys(ATTACHMENTS),
};

/** The longest path of a socket on macOS, with its end (sys/un.h: 104 bytes). */
const SOCKET_PATH_BYTES = 104;

/** Machines with words of the user's that a hypervisor's command line may have no spelling for. */
const ODD_MACHINES: readonly [what: string, change: (machine: Machine) => Machine][] = [
  ...["a,b", 'a"b', "a'b", "a b", "a=b", "a\nb"].flatMap((
    odd,
  ): [string, (machine: Machine) => Machine][] => [
    [`a home at /${JSON.stringify(odd)}`, (machine) => moved(machine, odd)],
    [`the kernel command line ${JSON.stringify(odd)}`, (machine) => ({
      ...machine,
      boot: machine.boot.kind === "linux" ? { ...machine.boot, commandLine: odd } : machine.boot,
    })],
  ]),
];

/** A machine whose home has another name. */
function moved(machine: Machine, name: string): Machine {
  const quoted = JSON.stringify(name).slice(1, -1);
  return JSON.parse(JSON.stringify(machine).replaceAll(".cocoon", () => quoted));
}

function isRefused(plan: () => LaunchPlan): boolean {
  try {
    plan();
    return false;
  } catch (error) {
    assertRefusal(error, ["usage"]);
    return true;
  }
}

/** The checks. */
export function backendChecks(backend: Backend, fixture: BackendFixture): Check[] {
  const settings = deepFreeze(parsed(backend.settingsSchema, fixture.settings));
  const capabilities = () => backend.capabilities(fixture.facts, settings);
  const request = (wish: Wish): PlanRequest => planRequest(capabilities(), wish, fixture, settings);
  /** Runs the assertion on the plan of every machine that the backend can boot. */
  const everyPlan = (assertion: (plan: LaunchPlan, request: PlanRequest) => void) => () => {
    for (const wish of wishes(capabilities())) {
      const wanted = request(wish);
      assertion(backend.plan(wanted), wanted);
    }
  };

  return [
    ...commonChecks(backend),
    {
      name: "capabilities() is the same known data every time and looks at nothing",
      run: () => {
        for (const facts of HOSTS.map((f) => deepFreeze({ ...f }))) {
          const first = withoutIo(() => backend.capabilities(facts, settings));
          assertJson(first);
          assert.deepEqual(backend.capabilities(facts, settings), first);
          assertKnown(first);
        }
      },
    },
    {
      name: "capabilities() are enough for a machine on this computer",
      run: () => {
        const can = capabilities();
        assert.ok(can.architectures.length > 0, "no architecture");
        assert.ok(can.boots.length > 0, "no way to boot");
        assert.ok(can.diskFormats.length > 0, "no disk format");
        assert.ok(can.maxDisks >= 2, "no room for a root disk and a seed");
      },
    },
    {
      name: "check() on a computer with nothing installed says what to do",
      run: async () => {
        const findings = await backend.check(bareHost(), settings);
        assertFindings(findings);
        assert.ok(findings.some((finding) => finding.level === "error"), "no error was found");
      },
    },
    {
      name: "probe() on a computer with nothing installed says what to install",
      run: async () => {
        const { machine } = request(firstWish(capabilities()));
        await assertRefused(() => backend.probe(bareHost(), machine, settings), ["host-lacks"]);
      },
    },
    {
      name: "lacks() foretells what probe() lacks, and is content where every program is",
      run: async () => {
        const { boot, architecture } = firstWish(capabilities());
        const lack = await backend.lacks?.(bareHost(), architecture, settings);
        if (backend.lacks === undefined) return;
        assertRefusal(lack, ["host-lacks"]);
        const machine = sampleMachine(boot, { architecture });
        const probed = backend.probe(bareHost(), machine, settings);
        await assert.rejects(probed, { message: messageOf(lack) });
        const rich = { ...bareHost(), which: (program: string) => `/usr/bin/${program}` };
        assert.equal(await backend.lacks(rich, architecture, settings), undefined);
      },
    },
    {
      name: "refusals() has nothing against a machine of every day, and looks at nothing",
      run: everyPlan((_plan, { machine, dirs }) => {
        assert.deepEqual(withoutIo(() => backend.refusals?.(machine, dirs)) ?? [], []);
      }),
    },
    {
      name: "refusals() foretells what plan() refuses, with a way out",
      run: () => {
        for (const boot of capabilities().boots) {
          for (const [what, change] of ODD_MACHINES) {
            const wanted = request({ ...firstWish(capabilities()), boot });
            const odd = deepFreeze({ ...wanted, machine: change(wanted.machine) });
            const foretold = withoutIo(() => backend.refusals?.(odd.machine, odd.dirs)) ?? [];
            for (const error of foretold) assertRefusal(error, ["usage"]);
            assert.equal(foretold.length > 0, isRefused(() => backend.plan(odd)), what);
          }
        }
      },
    },
    {
      name: "plan() is plain data, the same every time, and looks at nothing",
      run: everyPlan((plan, wanted) => {
        assertJson(plan);
        // The request is frozen: a plan that changes it throws.
        assert.deepEqual(withoutIo(() => backend.plan(wanted)), plan);
      }),
    },
    {
      name: "plan() starts each role once, the hypervisor last, by whole commands",
      run: everyPlan(({ processes }) => {
        const roles = processes.map((process) => process.role);
        assert.equal(new Set(roles).size, roles.length, `roles: ${roles}`);
        assert.equal(roles.at(-1), "hypervisor");
        for (const { argv } of processes) {
          assert.ok(argv[0].startsWith("/"), `${argv[0]} is no absolute path`);
          for (const word of argv) {
            assert.ok(!/\bundefined\b|\[object |\bNaN\b|\0/.test(word), `a hole: ${word}`);
          }
        }
      }),
    },
    {
      name: "plan() makes files in the machine's folders only",
      run: everyPlan((plan, { dirs }) => {
        const inside = (path: string) =>
          path.startsWith(`${dirs.data}/`) || path.startsWith(`${dirs.run}/`);
        const paths = [
          ...plan.files.map((file) => file.path),
          ...plan.processes.map((process) => process.logPath),
          plan.consoleLogPath,
          ...(plan.console.kind === "socket" ? [plan.console.path] : []),
        ];
        for (const path of paths) assert.ok(inside(path), `${path} is elsewhere`);
      }),
    },
    {
      name: "plan() has sockets in the run folder, by paths that fit",
      run: everyPlan(({ control, console }, { dirs }) => {
        const sockets = [control.socketPath, ...(console.kind === "socket" ? [console.path] : [])];
        assert.equal(new Set(sockets).size, sockets.length, "one socket for two things");
        for (const path of sockets) {
          assert.ok(path.startsWith(`${dirs.run}/`), path);
          assert.ok(new TextEncoder().encode(path).length < SOCKET_PATH_BYTES, path);
        }
      }),
    },
    {
      name: "plan() keeps a variable store that is there",
      run: everyPlan(({ files }, { machine: { boot } }) => {
        if (boot.kind !== "efi") return;
        const store = files.find((file) => file.path === boot.variableStorePath);
        assert.ok(store === undefined || store.onlyIfAbsent, "it would be overwritten");
      }),
    },
    {
      name: "plan() uses what the machine has: disks, cards, boot files",
      run: everyPlan((plan, { machine }) => {
        const text = JSON.stringify(plan);
        const { boot } = machine;
        const parts = [
          ...machine.disks.map((disk) => disk.path),
          ...machine.nics.map((nic) => nic.mac),
          ...Object.entries(boot).filter(([key]) => key.endsWith("Path")).map(([, path]) => path),
          ...(boot.kind === "linux" ? [boot.commandLine] : []),
        ];
        for (const part of parts) {
          assert.ok(text.includes(JSON.stringify(part).slice(1, -1)), `${part} is missing`);
        }
      }),
    },
    {
      name: "plan() gives the hypervisor the links of its cards, as descriptors of its own",
      run: everyPlan((plan, { attachments }) => {
        const hypervisor = plan.processes.at(-1);
        const fds = hypervisor?.links.map(({ fd }) => fd) ?? [];
        assert.equal(new Set(fds).size, fds.length, `descriptors: ${fds}`);
        for (const fd of fds) assert.ok(fd >= 3, `descriptor ${fd}`);
        for (const attachment of attachments) {
          if (attachment.kind !== "dgram-fd") continue;
          const taken = hypervisor?.links.some(({ link }) => link === attachment.link);
          assert.ok(taken, `link ${attachment.link} is left out`);
        }
      }),
    },
    {
      name: "plan() waits a limited time",
      run: everyPlan(({ readyTimeoutMs }) => {
        assert.ok(readyTimeoutMs > 0 && readyTimeoutMs <= 600_000, `${readyTimeoutMs} ms`);
      }),
    },
    {
      name: "plan() of another machine shares no path and no socket with it",
      run: () => {
        const one = request(firstWish(capabilities()));
        const text = JSON.stringify(one).replaceAll(one.machine.id, "zyxwvuts7654");
        const other: PlanRequest = JSON.parse(text);
        const plan = JSON.stringify(backend.plan(other));
        assert.ok(!plan.includes(one.machine.id), "the other machine's folder is in it");
      },
    },
    {
      name: "explainFailure() says nothing about a log that it does not know",
      run: () => {
        const wanted = request(firstWish(capabilities()));
        for (const log of ["", "all is well\n", "\0\xff�".repeat(100)]) {
          assert.equal(backend.explainFailure?.(log, wanted), undefined);
        }
      },
    },
    ...controlChecks(backend, () => ({
      capabilities: capabilities(),
      plan: backend.plan(request(firstWish(capabilities()))),
    })),
  ];
}

interface Wish {
  boot: BootKind;
  architecture: Architecture;
  attachment: AttachmentKind | undefined;
}

/** Every way to boot on every architecture, and every attachment once. */
function wishes(can: Capabilities): Wish[] {
  const first = firstWish(can);
  return [
    ...can.boots.flatMap((boot) =>
      can.architectures.map((architecture) => ({ ...first, boot, architecture }))
    ),
    ...[undefined, ...can.attachments].map((attachment) => ({ ...first, attachment })),
  ];
}

function firstWish({ boots: [boot], architectures: [architecture], attachments }: Capabilities) {
  assert.ok(boot && architecture, "it can boot nothing");
  return { boot, architecture, attachment: attachments[0] };
}

function planRequest(
  can: Capabilities,
  { boot, architecture, attachment }: Wish,
  fixture: BackendFixture,
  settings: JsonObject,
): PlanRequest {
  const plain = sampleMachine(boot, { architecture });
  const { vsock } = plain.devices;
  const machine: Machine = {
    ...plain,
    nics: attachment === undefined ? [] : [sampleNic()],
    devices: { rng: can.rng, balloon: can.balloon, ...(can.vsock && vsock ? { vsock } : {}) },
  };
  return deepFreeze({
    machine,
    attachments: attachment === undefined ? [] : [structuredClone(ATTACHMENTS[attachment])],
    dirs: { ...DIRS },
    probe: structuredClone(fixture.probe(machine)),
    settings,
    host: { ...fixture.facts },
  });
}

function assertKnown(can: Capabilities): void {
  for (const [key, known] of Object.entries(KNOWN)) {
    // KNOWN has keys of Capabilities whose values are lists of words.
    const words = can[key as keyof Capabilities] as readonly unknown[];
    assert.deepEqual(words.filter((word) => !known.includes(word)), [], `unknown ${key}`);
    assert.equal(new Set(words).size, words.length, `a word of ${key} twice`);
  }
  for (const count of [can.maxDisks, can.maxNics]) {
    assert.ok(Number.isSafeInteger(count) && count >= 0, `${count}`);
  }
  for (const flag of [can.pause, can.balloon, can.vsock, can.rng, can.screenshot]) {
    assert.equal(typeof flag, "boolean");
  }
  assert.ok(["read-write", "read-only"].includes(can.console), can.console);
}
