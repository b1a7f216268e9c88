/** Plans that the real QEMU runs. */
import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { smallGuest } from "../../tests/guests/cache.ts";
import type { Disk } from "../../plugins/contract.ts";
import { lockExclusive } from "../../native/flock.ts";
import { withTempDir } from "./testing/fake_host.ts";
import { disk, machine } from "./testing/requests.ts";
import { withMachine } from "./testing/run_plan.ts";

const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47];

/** A machine that QEMU starts in no time: its kernel never gets far, and nothing looks. */
async function idleMachine(directory: string, disks: Disk[] = []) {
  const kernelPath = `${directory}/kernel, odd.bin`;
  await Deno.copyFile((await smallGuest()).kernelPath, kernelPath);
  return machine({
    memoryBytes: 128 * 1024 ** 2,
    boot: { kind: "linux", kernelPath, commandLine: "panic=0" },
    disks,
    nics: [],
  });
}

Deno.test("a planned machine boots, pauses, resumes, shows its screen and obeys its power button", () =>
  withTempDir(async (directory) => {
    const guest = await smallGuest();
    const root = { ...disk("root", guest.qcow2Path, "qcow2"), readOnly: true };
    await withMachine({
      directory,
      machine: machine({
        memoryBytes: 256 * 1024 ** 2,
        boot: {
          kind: "linux",
          kernelPath: guest.kernelPath,
          initrdPath: guest.initrdPath,
          commandLine: "console=ttyS0 quiet",
        },
        disks: [root],
      }),
      attachments: [{ kind: "user", forwards: [] }],
    }, async ({ control, ended, consoleShows }) => {
      await consoleShows("small: ready", 60_000);
      await control.pause?.(2000);
      assert.equal(await control.state(2000), "paused");
      await control.resume?.(2000);
      assert.equal(await control.state(2000), "running");
      await control.screenshot?.(`${directory}/screen.png`, 5000);
      const picture = await Deno.readFile(`${directory}/screen.png`);
      assert.deepEqual([...picture.subarray(0, 4)], PNG_MAGIC);
      await control.requestStop(2000);
      assert.ok(await ended(30_000), "the guest switched itself off");
      await assert.rejects(control.state(500), /Cannot connect/);
    });
  }));

Deno.test("a planned EFI machine boots from its root disk and keeps its variables", () =>
  withTempDir(async (directory) => {
    const guest = await smallGuest();
    const rootPath = `${directory}/root, 1.raw`;
    const { code } = await new Deno.Command("cp", {
      args: ["--sparse=always", guest.rawPath, rootPath],
    })
      .output();
    assert.equal(code, 0);
    const variableStorePath = `${directory}/efi-vars.fd`;
    await withMachine({
      directory,
      machine: machine({
        memoryBytes: 256 * 1024 ** 2,
        boot: { kind: "efi", variableStorePath },
        // The root disk is not the first one: the firmware must be told which to boot.
        disks: [
          { ...disk("data", guest.rawPath, "raw"), readOnly: true },
          disk("root", rootPath, "raw"),
        ],
        nics: [],
      }),
    }, async ({ control, ended, consoleShows, plan }) => {
      await consoleShows("small: ready", 90_000);
      const template = plan.files[0]?.source;
      assert.ok(template && "copyOf" in template);
      assert.notDeepEqual(
        await Deno.readFile(variableStorePath),
        await Deno.readFile(template.copyOf),
        "the firmware wrote into the machine's own store",
      );
      await control.quit?.(2000);
      assert.ok(await ended(5000));
    });
  }));

Deno.test("a planned aarch64 machine boots, emulated", () =>
  withTempDir(async (directory) => {
    const guest = await smallGuest("aarch64");
    await withMachine({
      directory,
      machine: machine({
        architecture: "aarch64",
        memoryBytes: 256 * 1024 ** 2,
        boot: {
          kind: "linux",
          kernelPath: guest.kernelPath,
          initrdPath: guest.initrdPath,
          commandLine: "console=ttyAMA0 quiet",
        },
        disks: [],
        nics: [],
      }),
    }, async ({ control, ended, consoleShows }) => {
      await consoleShows("small: ready", 60_000);
      // This guest may say that it is ready a moment before it listens to its power button.
      let off = false;
      for (let press = 0; press < 10 && !off; press++) {
        await control.requestStop(5000);
        off = await ended(4000);
      }
      assert.ok(off, "the guest switched itself off");
    });
  }));

Deno.test("QEMU takes every device and socket network that a plan can have", () =>
  withTempDir(async (directory) => {
    const disks: Disk[] = [];
    for (const role of ["root", "data", "layer", "seed", "cdrom"] as const) {
      const path = `${directory}/${role}, =.raw`;
      await Deno.writeFile(path, new Uint8Array(1024 * 1024));
      disks.push({ ...disk(role, path, "raw"), readOnly: role !== "root" && role !== "data" });
    }
    const idle = await idleMachine(directory, disks);
    using server = Deno.listen({ transport: "unix", path: `${directory}/stream.sock` });
    const accepted = server.accept();
    await withMachine({
      directory,
      machine: {
        ...idle,
        nics: [0, 1, 2].map((index) => ({
          index,
          network: "n",
          mac: `52:54:00:00:00:0${index}`,
          forwards: [],
        })),
      },
      attachments: [
        { kind: "user", forwards: [], guestCidr: "10.77.0.0/24" },
        { kind: "stream-path", path: `${directory}/stream.sock` },
        { kind: "dgram-path", path: `${directory}/switch.sock` },
      ],
    }, async ({ control, ended }) => {
      (await accepted).close();
      assert.ok(Deno.statSync(`${directory}/nic2.sock`).isSocket);
      await control.quit?.(2000);
      assert.ok(await ended(5000));
    });
  }));

Deno.test("QEMU takes its end of a datagram pair as a card's network", () =>
  withTempDir(async (directory) => {
    const pair = datagramPair();
    try {
      await withMachine({
        directory,
        machine: {
          ...await idleMachine(directory),
          nics: [{ index: 0, network: "n", mac: "52:54:00:00:00:01", forwards: [] }],
        },
        attachments: [{ kind: "dgram-fd", link: "pair" }],
        inherit: [pair.fd],
      }, async ({ plan, control, ended }) => {
        assert.deepEqual(plan.processes[0]?.links, [{ link: "pair", fd: 3 }]);
        await control.quit?.(2000);
        assert.ok(await ended(5000));
      });
    } finally {
      pair.close();
    }
  }));

/** socketpair(AF_UNIX, SOCK_DGRAM), and what closes both ends. */
function datagramPair() {
  const libc = Deno.dlopen(
    Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6",
    {
      socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
    },
  );
  const fds = new Int32Array(2);
  assert.equal(libc.symbols.socketpair(1, 2, 0, fds), 0);
  return {
    fd: fds[0] ?? -1,
    close: () => {
      for (const fd of fds) libc.symbols.close(fd);
      libc.close();
    },
  };
}

Deno.test("QEMU keeps a descriptor that it inherits, and its lock, until it ends", () =>
  withTempDir(async (directory) => {
    const lockPath = `${directory}/alive.lock`;
    const fd = openSync(lockPath, "a", 0o600);
    assert.ok(lockExclusive(fd));
    const free = () => {
      using file = Deno.openSync(lockPath, { read: true });
      return file.tryLockSync(false);
    };
    await withMachine(
      { directory, machine: await idleMachine(directory), inherit: [fd] },
      async ({ pid, ended }) => {
        closeSync(fd);
        assert.equal(free(), false, "QEMU holds the lock");
        Deno.kill(pid, "SIGKILL");
        assert.ok(await ended(5000));
        // The first thread is gone before the last one closes the descriptors.
        for (let i = 0; i < 100 && !free(); i++) await new Promise((done) => setTimeout(done, 20));
        assert.equal(free(), true, "the lock ended with QEMU");
      },
    );
  }));

Deno.test("two QEMUs do not share a writable disk", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/data.raw`;
    await Deno.writeFile(path, new Uint8Array(1024 * 1024));
    const idle = await idleMachine(directory, [disk("data", path, "raw")]);
    await withMachine({ directory, machine: idle }, async () => {
      const second = `${directory}/second`;
      await Deno.mkdir(second);
      await assert.rejects(
        withMachine({ directory: second, machine: idle }, () => assert.fail("it started")),
        /Failed to get "write" lock/,
      );
    });
  }));
