/** Whatever machine is planned: vfkit's own grammar reads the command line as it was meant. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attachment, Disk, Machine } from "../../plugins/contract.ts";
import { parseBootloader } from "../../tests/stand_ins/vfkit_lib/bootloader.ts";
import { parseTimesync } from "../../tests/stand_ins/vfkit_lib/config.ts";
import type { Device } from "../../tests/stand_ins/vfkit_lib/devices/device.ts";
import { parseDevice } from "../../tests/stand_ins/vfkit_lib/devices/parse.ts";
import { parseFlags } from "../../tests/stand_ins/vfkit_lib/flags.ts";
import { parseRestUri } from "../../tests/stand_ins/vfkit_lib/rest_uri.ts";
import { release } from "../../tests/stand_ins/vfkit_lib/versions.ts";
import { commandLineItem } from "./option.ts";
import { planMachine } from "./plan.ts";
import { machine, PROBE, request } from "./testing/requests.ts";

const VERSIONS = ["0.6.0", "0.6.1", "0.6.2", "0.6.4"] as const;

/** A path as people make them: with spaces, equals signs, percent signs, letters of any language. */
const path = fc.stringMatching(/^[A-Za-z0-9 =%?#&;:+._'é漢-]{1,12}$/).map((name) => `/d/${name}`);
const serial = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const tag = fc.stringMatching(/^[A-Za-z0-9._-]{1,35}$/);

const boot: fc.Arbitrary<Machine["boot"]> = fc.oneof(
  fc.record({ kind: fc.constant("efi" as const), variableStorePath: path }),
  fc.record({
    kind: fc.constant("linux" as const),
    kernelPath: path,
    initrdPath: path,
    commandLine: fc.stringMatching(/^[a-z0-9 =,./:_-]{0,30}$/),
  }),
  fc.record({
    kind: fc.constant("macos" as const),
    machineIdentifierPath: path,
    hardwareModelPath: path,
    auxImagePath: path,
  }),
);

/** Attached by whatever vfkit does not open while it reads its command line. */
const disk: fc.Arbitrary<Disk> = fc.record({
  role: fc.constant("data" as const),
  path,
  format: fc.constant("raw" as const),
  serial,
  readOnly: fc.boolean(),
  bus: fc.constantFrom("nvme" as const, "usb" as const),
});

const octet = fc.nat(255).map((n) => n.toString(16).padStart(2, "0"));
const card = fc.record({
  mac: fc.array(octet, { minLength: 6, maxLength: 6 }).map((octets) => octets.join(":")),
  attachment: fc.oneof(
    fc.constant<Attachment>({ kind: "vz-nat" }),
    fc.constant<Attachment>({ kind: "dgram-fd", link: "link" }),
    path.map((socket): Attachment => ({ kind: "dgram-path", path: socket })),
  ),
});

const wish = fc.record({
  cpus: fc.integer({ min: 1, max: 64 }),
  mebibytes: fc.integer({ min: 1, max: 2 ** 20 }),
  boot,
  disks: fc.array(disk, { maxLength: 4 }),
  cards: fc.array(card, { maxLength: 4 }),
  rng: fc.boolean(),
  balloon: fc.boolean(),
  vsock: fc.boolean(),
  shares: fc.array(fc.record({ hostPath: path, tag, readOnly: fc.constant(false) }), {
    maxLength: 3,
  }),
  rosetta: fc.option(tag, { nil: undefined }),
  display: fc.option(
    fc.record({
      widthPixels: fc.integer({ min: 1, max: 9999 }),
      heightPixels: fc.integer({ min: 1, max: 9999 }),
    }),
    { nil: undefined },
  ),
  input: fc.boolean(),
  networkDisks: fc.uniqueArray(
    fc.record({ uri: path.map((name) => `nbd://host${name}`), serial, readOnly: fc.boolean() }),
    { maxLength: 2, selector: (each) => each.serial },
  ),
  timesyncPort: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { nil: undefined }),
  run: fc.stringMatching(/^[A-Za-z0-9 %?#é-]{1,20}$/).map((name) => `/d/run/${name}`),
  storeExists: fc.boolean(),
  version: fc.constantFrom(...VERSIONS),
});
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

function plan(want: Wish) {
  const { cpus, boot, disks, rng, balloon, shares, input, networkDisks } = want;
  return planMachine(request({
    machine: machine({
      cpus,
      memoryBytes: want.mebibytes * 2 ** 20,
      boot,
      disks,
      nics: want.cards.map(({ mac }, index) => ({ index, network: "n", mac, forwards: [] })),
      devices: {
        rng,
        balloon,
        shares,
        input,
        networkDisks,
        ...(want.vsock ? { vsock: { cid: 3 } } : {}),
        ...(want.rosetta === undefined ? {} : { rosetta: { tag: want.rosetta } }),
        ...(want.display === undefined ? {} : { display: want.display }),
      },
    }),
    attachments: want.cards.map(({ attachment }) => attachment),
    dirs: { data: "/d/data", run: want.run },
    probe: {
      ...PROBE,
      version: want.version.split(".").map(Number),
      storeExists: want.storeExists,
    },
    settings: want.timesyncPort === undefined ? {} : { timesync_port: want.timesyncPort },
  }));
}

/** What a machine's devices are in vfkit's words, in the order of the command line. */
function intended(want: Wish): Device[] {
  let fd = 3;
  const has = release(want.version);
  const serial = has.has("pty")
    ? { logFile: "", stdio: false, pty: true }
    : { logFile: "/d/data/console.log", stdio: false, pty: false };
  const macos = want.boot.kind === "macos";
  const screen = want.display ?? (macos ? { widthPixels: 1920, heightPixels: 1200 } : undefined);
  return [
    ...want.disks.map(({ path, readOnly, bus }): Device => ({
      kind: bus === "nvme" ? "nvme" : "usbmassstorage",
      path,
      readOnly,
      type: "",
      deviceIdentifier: "",
    })),
    ...want.networkDisks.map(({ uri, serial: deviceIdentifier, readOnly }): Device => ({
      kind: "nbd",
      uri,
      deviceIdentifier,
      timeoutMs: 15_000,
      sync: "full",
      readOnly,
    })),
    ...want.cards.map(({ mac, attachment }): Device => ({
      kind: "virtionet",
      nat: attachment.kind === "vz-nat",
      ...(attachment.kind === "dgram-fd" ? { fd: fd++ } : {}),
      unixSocketPath: attachment.kind === "dgram-path" ? attachment.path : "",
      magic: attachment.kind === "dgram-path",
      mac,
    })),
    { kind: "virtioserial", ...serial },
    ...(want.rng ? [{ kind: "virtiorng" } as const] : []),
    ...(want.balloon && has.has("balloon") ? [{ kind: "virtioballoon" } as const] : []),
    ...(want.vsock ? [{ kind: "virtiosock", port: 0, socketPath: "", listen: true } as const] : []),
    ...want.shares.map(({ hostPath: sharedDir, tag: mountTag }): Device => ({
      kind: "virtiofs",
      sharedDir,
      mountTag,
    })),
    ...(want.rosetta === undefined ? [] : [
      { kind: "rosetta", mountTag: want.rosetta, install: true, ignoreIfMissing: true } as const,
    ]),
    ...(screen === undefined ? [] : [{
      kind: "virtiogpu" as const,
      usesGui: false,
      width: screen.widthPixels,
      height: screen.heightPixels,
    }]),
    ...(want.input
      ? (["keyboard", "pointing"] as const).map((inputType): Device => ({
        kind: "virtioinput",
        inputType,
      }))
      : []),
  ];
}

Deno.test("planMachine() is read by vfkit's grammar as the machine that was meant", () => {
  fc.assert(
    fc.property(wish, (want) => {
      const made = plan(want);
      const flags = parseFlags(made.processes[0]?.argv.slice(1) ?? [], release(want.version));
      assert.equal(flags.cpus, BigInt(want.cpus));
      assert.equal(flags.memory, BigInt(want.mebibytes));
      assert.deepEqual(parseTimesync(flags.timesync), want.timesyncPort);
      assert.deepEqual(parseRestUri(flags.restfulUri, release(want.version)), {
        scheme: "unix",
        host: "",
        path: made.control.socketPath,
      });
      const boot = { ...want.boot }; // fast-check's own has no prototype
      assert.deepEqual(
        parseBootloader(flags),
        boot.kind === "efi" ? { ...boot, create: !want.storeExists } : boot,
      );
      const devices = flags.devices.map((text) => parseDevice(text, release(want.version)));
      assert.deepEqual(devices, intended(want));
    }),
    { numRuns: 300 },
  );
});

Deno.test("planMachine() is read back with virtio disks of any name, read-only or not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const names = ["plain", "sp ace", "k=v", 'quo"te', "é漢", "100%", "a;b&c"];
    const disks = names.map((name, i): Disk => ({
      role: "data",
      path: `${folder}/${name}.raw`,
      format: "raw",
      serial: `disk${i}`,
      readOnly: i % 2 === 1,
    }));
    for (const { path } of disks) await Deno.writeFile(path, new Uint8Array(512));
    const argv = planMachine(request({ machine: machine({ disks }) })).processes[0]?.argv ?? [];
    const flags = parseFlags(argv.slice(1), release());
    const read = flags.devices.slice(0, disks.length).map((text) => parseDevice(text, release()));
    assert.deepEqual(
      read,
      disks.map(({ path, serial, readOnly }) => ({
        kind: "virtioblk",
        path,
        readOnly,
        type: "",
        deviceIdentifier: serial,
      })),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("commandLineItem() is read back as it was, or refused", () => {
  const text = fc.stringMatching(/^[ab= ,"]{0,10}$/);
  let written = 0;
  fc.assert(
    fc.property(text, (commandLine) => {
      let item: string;
      try {
        item = commandLineItem(commandLine);
      } catch (error) {
        assert.ok(commandLine.includes('"'), `refused: ${commandLine}: ${error}`);
        return;
      }
      written++;
      const flags = parseFlags(["--bootloader", `linux,kernel=k,initrd=i,${item}`], release());
      assert.deepEqual(parseBootloader(flags), {
        kind: "linux",
        kernelPath: "k",
        initrdPath: "i",
        commandLine,
      });
    }),
    { numRuns: 2000 },
  );
  assert.ok(written > 100, `${written}`);
  for (const line of ['a="b c" d', 'a="b,c"', '"a" b', "console=hvc0,115200"]) {
    assert.ok(commandLineItem(line).includes(line), line);
  }
  assert.throws(() => commandLineItem('"a" b,c'), { code: "usage", message: /"\\"a\\" b,c"/ });
});
