import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBootloader } from "./bootloader.ts";
import type { Device } from "./devices/device.ts";
import { parseDevice } from "./devices/parse.ts";
import { parseFlags } from "./flags.ts";
import { list, withFolder } from "./testing.ts";
import { release } from "./versions.ts";

const NEWEST = release();

/** The text of a command line and what it means. */
interface Meaning<T> {
  text: string;
  means: T;
}

/** A value of an option: no comma splits it, and what follows the first `=` is its own. */
const value = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes(","));

/** Values of `T` with the items that say them, in any order, with empty items between them. */
function items(all: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(
    fc.shuffledSubarray([...all], { minLength: all.length }),
    fc.array(fc.nat(all.length), { maxLength: 2 }),
  ).map(([shuffled, blanks]) => {
    for (const at of blanks) shuffled.splice(at, 0, "");
    return shuffled.map((item) => `,${item}`).join("");
  });
}

function device<T extends Device>(
  type: string,
  values: fc.Arbitrary<{ says: string[]; means: T }>,
): fc.Arbitrary<Meaning<Device>> {
  return values.chain(({ says, means }) =>
    items(says).map((text) => ({ text: type + text, means }))
  );
}

const octet = fc.nat(255).map((n) => n.toString(16).padStart(2, "0"));
const mac = fc.array(octet, { minLength: 6, maxLength: 6 }).map((octets) => octets.join(":"));
const port = fc.nat(0xffff_ffff);

/** Devices whose files are not looked at while the command line is read. */
const devices: fc.Arbitrary<Meaning<Device>> = fc.oneof(
  device(
    "virtio-net",
    fc.tuple(fc.constantFrom("nat", "fd=3", "path"), value, mac, fc.boolean()).map(
      ([peer, path, address, magic]) => ({
        says: [
          `mac=${address.toUpperCase()}`,
          ...(peer === "path"
            ? [`unixSocketPath=${path}`, `vfkitMagic=${magic ? "on" : "off"}`]
            : [peer]),
        ],
        means: {
          kind: "virtionet" as const,
          nat: peer === "nat",
          ...(peer === "fd=3" ? { fd: 3 } : {}),
          unixSocketPath: peer === "path" ? path : "",
          magic: peer === "path" && magic,
          mac: address,
        },
      }),
    ),
  ),
  device(
    "virtio-vsock",
    fc.tuple(port, value, fc.boolean()).map(([n, path, listen]) => ({
      says: [`port=${n}`, `socketURL=${path}`, listen ? "listen" : "connect"],
      means: { kind: "virtiosock" as const, port: n, socketPath: path, listen },
    })),
  ),
  device(
    "virtio-serial",
    fc.tuple(fc.constantFrom("file", "stdio", "pty"), value).map(([end, path]) => ({
      says: [end === "file" ? `logFilePath=${path}` : end],
      means: {
        kind: "virtioserial" as const,
        logFile: end === "file" ? path : "",
        stdio: end === "stdio",
        pty: end === "pty",
      },
    })),
  ),
  device(
    "virtio-fs",
    fc.tuple(value, value).map(([sharedDir, mountTag]) => ({
      says: [`sharedDir=${sharedDir}`, `mountTag=${mountTag}`],
      means: { kind: "virtiofs" as const, sharedDir, mountTag },
    })),
  ),
  device(
    "virtio-gpu",
    fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 9999 })).map(
      ([width, height]) => ({
        says: [`width=${width}`, `height=${height}`],
        means: { kind: "virtiogpu" as const, usesGui: false, width, height },
      }),
    ),
  ),
  device(
    "nvme",
    fc.tuple(value, fc.boolean()).map(([path, readOnly]) => ({
      says: [`path=${path}`, "type=image", ...(readOnly ? ["readonly"] : [])],
      means: { kind: "nvme" as const, path, readOnly, type: "image", deviceIdentifier: "" },
    })),
  ),
);

/** `--name value`, `--name=value`, `-n value`, `-nvalue`. */
function flag(name: string, short: string, text: string): fc.Arbitrary<string[]> {
  const glued = text.startsWith("=") ? [] : [[`-${short}${text}`]];
  return fc.constantFrom([`--${name}`, text], [`--${name}=${text}`], [`-${short}`, text], ...glued);
}

Deno.test("a generated command line is understood as it was meant", () => {
  const number = fc.integer({ min: 0, max: 1 << 20 });
  const spelled = number.chain((n) =>
    fc.constantFrom(String(n), `0x${n.toString(16)}`, `0b${n.toString(2)}`, `0o${n.toString(8)}`)
      .map((text) => ({ text, means: n }))
  );
  const lines = fc.tuple(spelled, spelled, fc.array(devices, { maxLength: 5 })).chain(
    ([cpus, memory, all]) =>
      fc.tuple(
        flag("cpus", "c", cpus.text),
        flag("memory", "m", memory.text),
        ...all.map(({ text }) => flag("device", "d", text)),
      ).map((parts) => ({ argv: parts.flat(), cpus, memory, all })),
  );
  fc.assert(
    fc.property(lines, fc.array(fc.constantFrom("word", "-"), { maxLength: 2 }), (line, words) => {
      const flags = parseFlags([...words, ...line.argv, "--", "--nonsense"], NEWEST);
      assert.equal(Number(flags.cpus), line.cpus.means);
      assert.equal(Number(flags.memory), line.memory.means);
      assert.deepEqual(
        flags.devices.map((text) => parseDevice(text, NEWEST)),
        line.all.map(({ means }) => means),
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("a generated boot loader is understood as it was meant", () => {
  const plain = fc.string({ maxLength: 12 }).filter((text) => !/[,"]/.test(text));
  const commandLine = fc.array(
    fc.oneof(plain, plain.map((text) => `"${text}"`), fc.constant("a=1,2")),
    { minLength: 1, maxLength: 4 },
  ).map((words) => words.join(" "));
  fc.assert(
    fc.property(plain, plain, commandLine, (kernel, initrd, text) => {
      const items = [`kernel=${kernel}`, `initrd=${initrd}`, `cmdline="${text}"`];
      // A repeated flag continues the list.
      for (
        const argv of [
          ["-b", `linux,${items.join(",")}`],
          ["-b", "linux", ...items.flatMap((item) => ["--bootloader", item])],
        ]
      ) {
        assert.deepEqual(parseBootloader(parseFlags(argv, NEWEST)), {
          kind: "linux",
          kernelPath: kernel,
          initrdPath: initrd,
          commandLine: text,
        });
      }
    }),
  );
});

Deno.test("a generated path of a disk is opened as it is", () =>
  withFolder(async (folder) => {
    // Characters that a file's name may have, and the one that the grammar splits at.
    const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" })
      .filter((text) =>
        !/[\/\0,]/.test(text) && text !== "." && text !== ".." && text.isWellFormed()
      );
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const path = `${folder}/${text}`;
        await Deno.writeTextFile(path, "x");
        try {
          const disk = parseDevice(`virtio-blk,path=${path},deviceId=a`, NEWEST);
          assert.equal(disk.kind === "virtioblk" ? disk.path : undefined, path);
        } finally {
          await Deno.remove(path);
        }
      }),
      { numRuns: 100 },
    );
    assert.deepEqual(list(folder), []);
  }));
