/** Plans of chance, read back by the grammar that agrees with krunkit's own. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { described, parseCommandLine } from "../../tests/stand_ins/krunkit_lib/command_line.ts";
import type { Attachment } from "../../plugins/contract.ts";
import { planMachine } from "./plan.ts";
import { machine, request } from "./testing/requests.ts";

/** Paths with whatever may be in one, where krunkit has a way to write it. */
const path = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .map((text) => `/d/${text.replaceAll(/[,=\n\r\0]/g, "_")}`);
const tag = fc.stringMatching(/^[A-Za-z0-9._-]{1,35}$/);
const mac = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 5, maxLength: 5 })
  .map((octets) => ["52", ...octets.map((o) => o.toString(16).padStart(2, "0"))].join(":"));

const wishes = fc.record({
  cpus: fc.integer({ min: 1, max: 64 }),
  memoryMib: fc.integer({ min: 1, max: 61_440 }),
  store: path,
  disks: fc.array(
    fc.record({ path, format: fc.constantFrom("raw" as const, "qcow2" as const) }),
    { minLength: 1, maxLength: 4 },
  ),
  cards: fc.array(
    fc.record({
      mac,
      kind: fc.constantFrom("dgram-fd" as const, "dgram-path" as const, "stream-path" as const),
      path,
    }),
    { maxLength: 3 },
  ),
  shares: fc.array(fc.record({ hostPath: path, tag }), { maxLength: 2 }),
  rng: fc.boolean(),
  nested: fc.boolean(),
});

Deno.test("krunkit understands every plan as it was meant", () => {
  fc.assert(
    fc.property(wishes, (want) => {
      const { processes } = planMachine(request({
        machine: machine({
          cpus: want.cpus,
          memoryBytes: want.memoryMib * 2 ** 20,
          boot: { kind: "efi", variableStorePath: want.store },
          disks: want.disks.map((disk, i) => ({
            ...disk,
            role: "data",
            serial: `d${i}`,
            readOnly: false,
          })),
          nics: want.cards.map((card, index) => ({
            index,
            network: "lan",
            mac: card.mac,
            forwards: [],
          })),
          devices: {
            rng: want.rng,
            balloon: false,
            shares: want.shares.map((share) => ({ ...share, readOnly: false })),
          },
        }),
        attachments: want.cards.map((card, i): Attachment =>
          card.kind === "dgram-fd"
            ? { kind: card.kind, link: `l${i}` }
            : { kind: card.kind, path: card.path }
        ),
        settings: { nested: want.nested },
      }));
      const [hypervisor] = processes;
      const line = parseCommandLine(hypervisor?.argv.slice(1) ?? []);
      assert.ok(typeof line === "object");
      const { bootloader: _, ...understood } = described(line);
      let fd = 3;
      assert.deepEqual(understood, {
        cpus: want.cpus,
        memoryMiB: want.memoryMib,
        devices: [
          ...want.disks.map((disk) => ({ kind: "virtio-blk", ...disk })),
          ...want.cards.map((card) => ({
            kind: "virtio-net",
            mac: card.mac.toUpperCase(),
            type: card.kind === "stream-path" ? "unixstream" : "unixgram",
            path: card.kind === "dgram-fd" ? null : card.path,
            fd: card.kind === "dgram-fd" ? fd++ : null,
            offloading: false,
            vfkitMagic: card.kind === "dgram-path",
          })),
          { kind: "virtio-serial", logFilePath: "/d/vms/0123456789ab/console.log" },
          ...(want.rng ? [{ kind: "virtio-rng" }] : []),
          ...want.shares.map((share) => ({
            kind: "virtio-fs",
            sharedDir: share.hostPath,
            mountTag: share.tag,
          })),
        ],
        restful: 'Unix("/d/run/0123456789ab/krunkit.sock")',
        gui: false,
        oemStrings: null,
        krunLogLevel: 3,
        logFile: null,
        nested: want.nested,
        pidfile: null,
        firmwarePath: null,
        timesyncPort: null,
      });
    }),
    { numRuns: 300 },
  );
});
