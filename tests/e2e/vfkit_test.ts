/** Machines under vfkit, whose stand-in boots them for real, through cocoon's own commands. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { smallGuest } from "../guests/cache.ts";
import { cocoonArgv, cocoonEnv } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  inspect,
  kill9,
  only,
  remains,
  supervisors,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { isRunning } from "../support/processes.ts";
import { openTerminal } from "../support/pty.ts";
import { type VfkitHome, vfkitHome } from "../support/vfkit.ts";
import { waitFor } from "../support/wait_for.ts";

/** Sockets that a run leaves in the home. */
const sockets = ({ home }: VfkitHome) => remains(home).filter((path) => path.endsWith(".sock"));

/** What vfkit was asked for by REST; its debug log tells. */
async function stopsOf(mac: VfkitHome, name: string): Promise<{ asked: boolean; forced: boolean }> {
  const { stdout } = await mac.ok(["vm", "logs", "--log", "hypervisor", name]);
  return {
    asked: stdout.includes('msg="stopping machine"'),
    forced: /force stopping machine|captured terminated/.test(stdout),
  };
}

/** A text of one of the machine's own files. */
async function fileOf({ home }: VfkitHome, name: string, file: string): Promise<string> {
  const { id } = await inspect(home, name);
  return await Deno.readTextFile(`${home.path}/vms/${id}/${file}`);
}

Deno.test("a machine under vfkit on an Intel Mac obeys every verb from run to rm", async (t) => {
  await using mac = await vfkitHome({ architecture: "amd64" });
  const { home } = mac;
  const boot = directBoot(await smallGuest("x86_64"));

  await t.step("vm run --wait ssh finds the guest's address by its lease", async () => {
    const { stdout, stderr } = await mac.ok([
      ...["vm", "run", "--name", "web", ...boot, ...WAIT_SSH, "--data-disk", "logs=16M"],
    ]);
    assert.deepEqual([stdout, stderr], ["web\n", ""]);
    const machine = await inspect(home, "web");
    assert.equal(machine.state, "running");
    assert.equal(machine.pid, only(mac.vfkits()));
    const [address] = machine.addresses as { ip?: string; ssh?: { host: string; port: number } }[];
    assert.match(address?.ip ?? "", /^127\.\d+\.\d+\.\d+$/);
    assert.deepEqual(address?.ssh, { host: address?.ip, port: 22 });
  });

  await t.step("vm ssh and cp reach the guest at that address", async () => {
    assert.equal(await mac.ssh("web", "hostname; uname -m"), "web\nx86_64\n");
    await Deno.writeTextFile(`${home.path}/note`, "a note\n");
    await mac.ok(["vm", "cp", `${home.path}/note`, "web:note"]);
    await Deno.remove(`${home.path}/note`);
    assert.equal(await mac.ssh("web", "cat note"), "a note\n");
  });

  await t.step(
    "the guest sees its disks by their serials, and the MAC that cocoon chose",
    async () => {
      const disks = await mac.ssh("web", "for d in /sys/block/vd*; do cat $d/serial; echo; done");
      assert.deepEqual(disks.split("\n").filter((line) => line !== "").sort(), ["logs", "seed"]);
      const { nics } = await inspect(home, "web");
      assert.ok(
        (await mac.ssh("web", "cat /sys/class/net/*/address")).includes(nics[0]?.mac ?? "?"),
      );
    },
  );

  await t.step("vm console attaches to hvc0, detaches, and shows what was missed", async () => {
    const attach = async () => {
      const terminal = await openTerminal(cocoonArgv(["vm", "console", "web"]), {
        env: cocoonEnv(home, mac.env),
      });
      await terminal.see("Connected to web.");
      return terminal;
    };
    await using first = await attach();
    await first.see("small: ready up");
    await first.type("echo typed-$((6*7)) on $(tty)\r");
    await first.see("typed-42 on /dev/hvc0");
    await first.type("\x1d.");
    assert.equal(await first.exit, 0);
    await mac.ssh("web", "echo while-away | sudo tee /dev/hvc0");
    await using again = await attach();
    await again.see("while-away");
    await again.type("\x1d.");
    assert.equal(await again.exit, 0);
  });

  await t.step("vm logs has the console, and vfkit's own words apart", async () => {
    assert.match((await mac.ok(["vm", "logs", "web"])).stdout, /small: ready[^]*while-away/);
    const { stdout } = await mac.ok(["vm", "logs", "--log", "hypervisor", "web"]);
    assert.match(stdout, /level=info msg="virtual machine is running"/);
  });

  await t.step("vm pause stops the guest, resume lets it go on", async () => {
    await mac.ok(["vm", "pause", "web"]);
    await mac.ok(["vm", "pause", "web"]);
    assert.equal((await inspect(home, "web")).state, "paused");
    await mac.ok(["vm", "resume", "web"]);
    await mac.ok(["vm", "resume", "web"]);
    assert.equal(await mac.ssh("web", "echo again"), "again\n");
  });

  await t.step("a guest that reboots stays in its vfkit and comes back", async () => {
    const before = only(mac.vfkits());
    // Behind the end of the connection, which would hang otherwise.
    await mac.ssh("web", "sudo sh -c '(sleep 1; reboot -f) </dev/null >/dev/null 2>&1 &'");
    await waitFor("the second boot", async () => {
      return (await fileOf(mac, "web", "console.log")).split("small: ready up").length > 2;
    }, { timeoutMs: 90_000 });
    assert.equal(only(mac.vfkits()), before);
    assert.equal(await mac.ssh("web", "hostname"), "web\n");
  });

  await t.step("a supervisor that was killed is replaced, and the console goes on", async () => {
    const old = only(supervisors(home));
    const hypervisor = only(mac.vfkits());
    await kill9(old);
    assert.equal((await inspect(home, "web")).state, "running");
    const adopted = await waitFor("another supervisor", () => supervisors(home)[0]);
    assert.notEqual(adopted, old);
    assert.equal(only(mac.vfkits()), hypervisor);
    await mac.ssh("web", "echo after-adoption | sudo tee /dev/hvc0");
    await waitFor("the console's output in the log", async () => {
      return (await fileOf(mac, "web", "console.log")).includes("after-adoption");
    });
  });

  await t.step("vm stop shuts the guest down, without force and without a trace", async () => {
    const { stderr } = await mac.ok(["vm", "stop", "web", "--timeout", "60s"]);
    assert.equal(stderr, "");
    const machine = await inspect(home, "web");
    assert.equal(machine.state, "stopped");
    assert.deepEqual(await stopsOf(mac, "web"), { asked: true, forced: false });
    assert.equal(machine.lastError, null);
    assert.deepEqual([mac.vfkits(), sockets(mac)], [[], []]);
  });

  await t.step("vm debug prints the command that would run, and it is what runs", async () => {
    const plan = JSON.parse((await mac.ok(["vm", "debug", "web", "-o", "json"])).stdout);
    const before = await inspect(home, "web");
    const { stdout } = await mac.ok(["vm", "debug", "web"]);
    assert.match(stdout, /--bootloader 'linux,kernel=.*,cmdline="console=hvc0 .*"' --restful-uri/);
    await mac.ok(["vm", "start", "web", ...WAIT_SSH]);
    const running = await Deno.readTextFile(`/proc/${only(mac.vfkits())}/cmdline`);
    assert.ok(running.includes(plan.processes[0].argv.slice(1).join("\0")), running);
    // The same MAC at every start is what keeps a guest's lease, and so its address.
    const after = await inspect(home, "web");
    assert.deepEqual(after.nics, before.nics);
    assert.equal((await mac.ok(["vm", "list"])).stdout.match(/ 127\.\S+/g)?.length, 1);
  });

  await t.step("a guest that powers itself off leaves a machine that is stopped", async () => {
    await mac.ssh("web", "sudo sh -c '(sleep 1; poweroff) </dev/null >/dev/null 2>&1 &'");
    const machine = await waitForMachine(
      home,
      "web",
      "stopped",
      ({ state }) => state === "stopped",
    );
    assert.equal(machine.exit?.code, 0);
    assert.deepEqual([mac.vfkits(), sockets(mac)], [[], []]);
  });

  await t.step(
    "a vfkit that was killed leaves nothing behind, and the machine starts again",
    async () => {
      await mac.ok(["vm", "start", "web", ...WAIT_SSH]);
      const pid = only(mac.vfkits());
      await kill9(pid);
      const machine = await waitForMachine(home, "web", "error", ({ state }) => state === "error");
      assert.match(machine.lastError ?? "", /ended by SIGKILL/);
      assert.deepEqual([mac.vfkits(), sockets(mac)], [[], []]);
      await mac.ok(["vm", "start", "web", ...WAIT_SSH]);
      assert.equal(await mac.ssh("web", "hostname"), "web\n");
    },
  );

  await t.step("vfkit and supervisor killed at once: found stale, and started again", async () => {
    for (const pid of [...supervisors(home), ...mac.vfkits()]) Deno.kill(pid, "SIGKILL");
    await waitFor("their end", () => !mac.vfkits().some(isRunning));
    const machine = await waitForMachine(
      home,
      "web",
      "stopped",
      ({ state }) => state === "stopped",
    );
    assert.equal(machine.stale, true);
    assert.deepEqual(sockets(mac), []);
    await mac.ok(["vm", "restart", "web", ...WAIT_SSH]);
    assert.equal((await inspect(home, "web")).state, "running");
  });

  await t.step("vm rm --force ends it and leaves nothing", async () => {
    await mac.ok(["vm", "rm", "--force", "web"]);
    await assertNothingLeft(home);
  });
});

Deno.test("a guest that ignores the power button is ended by force, through vfkit's REST", async () => {
  for (const answers of ["cut", "answer"]) {
    await using mac = await vfkitHome({
      architecture: "amd64",
      env: { STAND_IN_IGNORE_STOP: "1", STAND_IN_HARD_STOP: answers },
    });
    await mac.ok(["vm", "run", "--name", "deaf", ...directBoot(await smallGuest("x86_64"))]);
    const { stderr } = await mac.ok(["vm", "stop", "deaf", "--timeout", "2s"]);
    assert.match(stderr, /deaf/);
    assert.deepEqual(await stopsOf(mac, "deaf"), { asked: true, forced: true });
    const log = (await mac.ok(["vm", "logs", "--log", "hypervisor", "deaf"])).stdout;
    assert.ok(!log.includes("captured terminated"), "no signal was needed");
    assert.equal((await inspect(mac.home, "deaf")).state, "stopped");
    await mac.ok(["vm", "rm", "deaf"]);
    await assertNothingLeft(mac.home);
  }
});

Deno.test("a machine boots by EFI, whose variable store is made once and kept", async () => {
  await using mac = await vfkitHome({ architecture: "amd64" });
  const { rawPath } = await smallGuest("x86_64");
  await mac.ok([
    ...["vm", "run", "--name", "disk", rawPath, "--disk", "80M", "--memory", "256M"],
    ...["--cpus", "1", ...WAIT_SSH],
  ]);
  const bootLoader = async () => {
    const plan = JSON.parse((await mac.ok(["vm", "debug", "disk", "-o", "json"])).stdout);
    const { argv } = plan.processes[0];
    return argv[argv.indexOf("--bootloader") + 1];
  };
  assert.match(await bootLoader(), /^efi,variable-store=[^,]+$/);
  const disks = await mac.ssh("disk", "for d in /sys/block/vd*; do cat $d/serial; echo; done");
  assert.ok(disks.includes("root"), disks);
  await mac.ok(["vm", "rm", "--force", "disk"]);
  await assertNothingLeft(mac.home);
});

Deno.test("on Apple silicon a packed kernel is unpacked, and an aarch64 guest boots", async () => {
  await using mac = await vfkitHome({ architecture: "arm64" });
  const { kernelPath, initrdPath } = await smallGuest("aarch64");
  const folder = await Deno.makeTempDir();
  try {
    const packed = `${folder}/vmlinuz.gz`;
    await Deno.writeFile(packed, gzipSync(await Deno.readFile(kernelPath), { level: 1 }));
    await mac.ok([
      "vm",
      "run",
      "--name",
      "arm",
      ...directBoot({ kernelPath: packed, initrdPath }),
      ...WAIT_SSH,
    ]);
    assert.equal(await mac.ssh("arm", "uname -m"), "aarch64\n");
    assert.equal((await mac.ok(["vm", "stop", "arm", "--timeout", "60s"])).stderr, "");
    const { kernelPath: foreign } = await smallGuest("x86_64");
    const refused = await mac.run(["vm", "create", "--name", "no", "--kernel", foreign]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /it is for x86_64, the machine is aarch64/);
    await mac.ok(["vm", "rm", "arm"]);
    await assertNothingLeft(mac.home);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an old vfkit has a console that is only read, and is never signalled politely", async () => {
  await using mac = await vfkitHome({
    architecture: "amd64",
    env: { STAND_IN_VFKIT_VERSION: "0.6.1" },
  });
  await mac.ok([
    "vm",
    "run",
    "--name",
    "old",
    ...directBoot(await smallGuest("x86_64")),
    ...WAIT_SSH,
  ]);
  await waitFor("the console's log", async () => {
    return (await fileOf(mac, "old", "console.log")).includes("small: ready up");
  });
  const { stderr } = await mac.ok(["vm", "stop", "old", "--timeout", "60s"]);
  assert.equal(stderr, "");
  assert.deepEqual(await stopsOf(mac, "old"), { asked: true, forced: false });
  await mac.ok(["vm", "rm", "old"]);
  await assertNothingLeft(mac.home);
});

Deno.test("what vfkit cannot do is refused before anything is made", async () => {
  await using mac = await vfkitHome({ architecture: "amd64" });
  const boot = directBoot(await smallGuest("x86_64"));
  const create = (...flags: string[]) =>
    mac.run(["vm", "create", "--name", "no", ...boot, ...flags]);
  const cases: [flags: string[], message: RegExp][] = [
    [["--hugepages", "on"], /backend "vfkit" cannot use huge pages/],
    [["--direct-io", "on"], /backend "vfkit" cannot bypass this computer's page cache/],
    [["--disk-queue-size", "512"], /backend "vfkit" cannot size the queues of disks/],
    [["--rosetta"], /backend "vfkit" has no Rosetta on this computer/],
    [["--share", "/tmp:tmp:ro"], /can only share folders that the guest may write to/],
    [["--publish", "8080:80"], /does not forward ports with backend "vfkit"/],
    [["--architecture", "aarch64"], /cannot run aarch64 machines/],
    [["--storage", "qcow2"], /storage driver "qcow2" makes qcow2 disks/],
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await create(...flags);
    assert.equal(code, 2, `${flags.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /hint: /);
  }
  // Asked before the image is got: nobody answers there.
  const image = "http://127.0.0.1:1/disk.raw";
  const folder = await Deno.makeTempDir({ prefix: "this, that" });
  try {
    const { code, stderr } = await mac.run([
      ...["vm", "create", "--name", "no", image, "--insecure-unverified"],
      ...["--share", `${folder}:both`, "--nbd", "store=nbd://127.0.0.1/a,b"],
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /cannot be given "nbd:\/\/127\.0\.0\.1\/a,b": its nbd option/);
    assert.match(stderr, /cannot be given "\S*this, that\S*": its virtio-fs option has no way/);
    assert.match(stderr, /hint: Move it to a path without that character/);
    const line = await create("--cmdline", 'a="b,c",d');
    assert.equal(line.code, 2, line.stderr);
    assert.match(line.stderr, /cannot be given the kernel command line "a=\\"b,c\\",d"/);
  } finally {
    await Deno.remove(folder);
  }
  await assertNothingLeft(mac.home);
  const made = await create("--hugepages", "if-available", "--watchdog");
  assert.deepEqual([made.code, made.stderr], [
    0,
    'warning: backend "vfkit" has no watchdog; the machine is made without one\n',
  ]);
  await mac.ok(["vm", "rm", "no"]);
  await assertNothingLeft(mac.home);
});

Deno.test("a Mac that refuses a machine is explained, and nothing is left of the start", async () => {
  const cases: [env: Record<string, string>, message: RegExp][] = [
    [{ VZ_ENTITLED: "0" }, /lacks the entitlement com\.apple\.security\.virtualization/],
    [{ VZ_START: "limit" }, /as many virtual machines as it allows at once/],
    [{ VZ_MACOS: "13" }, /needs a newer macOS than this computer has/],
    [{ VZ_MAX_MEMORY_MIB: "100" }, /does not give a machine 160 MiB of memory/],
  ];
  await using mac = await vfkitHome({ architecture: "amd64" });
  const boot = directBoot(await smallGuest("x86_64"));
  // NVMe came with macOS 14.
  await mac.ok(["vm", "create", "--name", "web", ...boot, "--data-disk", "16M,bus=nvme"]);
  for (const [env, message] of cases) {
    const { code, stderr } = await mac.run(["vm", "start", "web"], { env });
    assert.equal(code, 1, `${JSON.stringify(env)}: ${stderr}`);
    assert.match(stderr, message);
    assert.deepEqual([mac.vfkits(), sockets(mac)], [[], []]);
  }
  await mac.ok(["vm", "rm", "web"]);
  await assertNothingLeft(mac.home);
});
