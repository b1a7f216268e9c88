/** Machines under krunkit, whose stand-in boots them for real, through cocoon's own commands. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { type KrunkitHome, krunkitHome } from "../support/krunkit.ts";
import {
  assertNothingLeft,
  inspect,
  kill9,
  only,
  remains,
  supervisors,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { isRunning } from "../support/processes.ts";
import { waitFor } from "../support/wait_for.ts";

/** A guest that is played, and stays; its disk is only opened. */
const PLAYED = { STAND_IN_NO_GUEST: "1", VZ_GUEST_OFF_MS: "600000" };
const SMALL = ["--disk", "80M", "--memory", "256M", "--cpus", "1"] as const;

/** Sockets that a run leaves in the home. */
const sockets = ({ home }: KrunkitHome) => remains(home).filter((path) => path.endsWith(".sock"));

/** A command behind the end of its connection, which would hang otherwise. */
const later = (command: string) =>
  `sudo sh -c '(sleep 1; ${command}) </dev/null >/dev/null 2>&1 &'`;

/** systemd's last words; the small guest has none of its own. */
const WORDS = "echo Reached target reboot.target - System Reboot. >/dev/hvc0";

Deno.test("a machine under krunkit obeys every verb from run to rm", async (t) => {
  await using mac = await krunkitHome({ architecture: "amd64", network: "lan" });
  const { home } = mac;
  const { rawPath } = await smallGuest("x86_64");

  await t.step(
    "vm run --wait ssh boots by EFI, finds the seed, and plugs in by gvproxy",
    async () => {
      const { stdout, stderr } = await mac.ok([
        ...[
          "vm",
          "run",
          "--name",
          "web",
          rawPath,
          ...SMALL,
          ...WAIT_SSH,
          "--data-disk",
          "logs=16M",
        ],
      ]);
      assert.equal(stdout, "web\n");
      const warning = 'warning: backend "krunkit" shows the guest no names of disks: find data ' +
        "disks by the labels of their file systems, not by /dev/disk/by-id\n";
      assert.ok(stderr.includes(warning), stderr);
      const machine = await inspect(home, "web");
      assert.equal(machine.state, "running");
      assert.equal(machine.pid, only(mac.krunkits()));
      assert.equal(await mac.ssh("web", "hostname; uname -m"), "web\nx86_64\n");
      assert.ok(
        (await mac.ssh("web", "cat /sys/class/net/*/address")).includes(
          machine.nics[0]?.mac ?? "?",
        ),
      );
    },
  );

  await t.step("vm console says that it is only read, and where", async () => {
    const { code, stderr } = await mac.run(["vm", "console", "web"]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /backend "krunkit" offers no console to type on; its output is in the log/,
    );
    assert.match(stderr, /cocoon vm logs -f web/);
    assert.match((await mac.ok(["vm", "logs", "web"])).stdout, /small: ready up \S+ boot 1 /);
  });

  await t.step("vm pause is refused, for krunkit has none", async () => {
    const { code, stderr } = await mac.run(["vm", "pause", "web"]);
    assert.equal(code, 2);
    assert.match(stderr, /krunkit/);
  });

  await t.step("a supervisor that was killed is replaced, and the machine goes on", async () => {
    const [old, hypervisor] = [only(supervisors(home)), only(mac.krunkits())];
    await kill9(old);
    // In our environment: the new supervisor inherits it, and starts krunkits in it.
    assert.match((await mac.ok(["vm", "inspect", "web"])).stdout, /running/);
    assert.notEqual(await waitFor("another supervisor", () => supervisors(home)[0]), old);
    assert.equal(only(mac.krunkits()), hypervisor);
  });

  await t.step("a guest that reboots is started again, also by that supervisor", async () => {
    const before = only(mac.krunkits());
    await mac.ssh("web", later(`${WORDS}; reboot -f`));
    await waitFor("another krunkit", () => {
      const [now] = mac.krunkits();
      return now !== undefined && now !== before;
    }, { timeoutMs: 60_000 });
    const machine = await waitForMachine(
      home,
      "web",
      "running",
      ({ state }) => state === "running",
    );
    assert.equal(machine.restarts, 0, "it is no restart of the policy's");
    await waitFor("SSH again", async () => {
      return (await mac.run(["vm", "ssh", "web", "--", "hostname"])).stdout === "web\n";
    }, { timeoutMs: 120_000, intervalMs: 1_000 });
    assert.match((await mac.ok(["vm", "logs", "web"])).stdout, /small: ready up \S+ boot 2 /);
  });

  await t.step("vm stop presses the power button, without force and without a trace", async () => {
    const { stderr } = await mac.ok(["vm", "stop", "web", "--timeout", "60s"]);
    assert.equal(stderr, "");
    const machine = await inspect(home, "web");
    assert.deepEqual([machine.state, machine.lastError, machine.exit?.code], ["stopped", null, 0]);
    assert.deepEqual([mac.krunkits(), sockets(mac)], [[], []]);
  });

  await t.step("vm debug prints the command that would run, and it is what runs", async () => {
    const plan = JSON.parse((await mac.ok(["vm", "debug", "web", "-o", "json"])).stdout);
    const { argv } = plan.processes.at(-1);
    await mac.ok(["vm", "start", "web"]);
    const running = await Deno.readTextFile(`/proc/${only(mac.krunkits())}/cmdline`);
    assert.ok(running.includes(argv.slice(1).join("\0")), running);
  });

  await t.step("a krunkit that was killed leaves nothing behind, nor its helper", async () => {
    await kill9(only(mac.krunkits()));
    const machine = await waitForMachine(home, "web", "error", ({ state }) => state === "error");
    assert.match(machine.lastError ?? "", /ended by SIGKILL/);
    assert.deepEqual([mac.krunkits(), sockets(mac)], [[], []]);
  });

  await t.step("vm rm leaves nothing", async () => {
    await mac.ok(["vm", "rm", "--force", "web"]);
    await assertNothingLeft(home);
  });
});

Deno.test("a guest that ignores the power button is ended by a signal", async () => {
  await using mac = await krunkitHome({
    architecture: "amd64",
    env: { ...PLAYED, STAND_IN_IGNORE_STOP: "1" },
  });
  const { rawPath } = await smallGuest("x86_64");
  await mac.ok(["vm", "run", "--name", "deaf", rawPath, ...SMALL]);
  const pid = only(mac.krunkits());
  const { stderr } = await mac.ok(["vm", "stop", "deaf", "--timeout", "1s"]);
  assert.match(stderr, /deaf/);
  assert.equal(isRunning(pid), false);
  const machine = await inspect(mac.home, "deaf");
  assert.deepEqual([machine.state, machine.exit?.signal], ["stopped", "SIGTERM"]);
  await mac.ok(["vm", "rm", "deaf"]);
  await assertNothingLeft(mac.home);
});

Deno.test("a guest that ends without last words is taken for off; restart = always brings it back", async () => {
  await using mac = await krunkitHome({
    architecture: "amd64",
    env: { ...PLAYED, VZ_GUEST_OFF_MS: "1500" },
  });
  const { rawPath } = await smallGuest("x86_64");
  await mac.ok(["vm", "run", "--name", "off", rawPath, ...SMALL]);
  const off = await waitForMachine(mac.home, "off", "off", ({ state }) => state === "stopped");
  assert.deepEqual([off.exit?.code, off.restarts, off.stale], [0, 0, false]);
  await mac.ok(["vm", "run", "--name", "on", rawPath, ...SMALL, "--restart", "always"]);
  await waitForMachine(mac.home, "on", "a restart", ({ restarts }) => restarts > 0);
  await mac.ok(["vm", "rm", "--force", "on", "off"]);
  await assertNothingLeft(mac.home);
});

Deno.test("a krunkit that cannot start a machine is explained, though it has said Running", async () => {
  await using mac = await krunkitHome({ architecture: "amd64", env: PLAYED });
  const { rawPath } = await smallGuest("x86_64");
  await mac.ok(["vm", "create", "--name", "web", rawPath, ...SMALL]);
  const cases: [env: Record<string, string>, message: RegExp][] = [
    [{ KRUN_START_FAIL: "1" }, /krunkit could not start machine "web"/],
    [{ KRUN_START_FAIL: "entitlement" }, /lacks the entitlement com\.apple\.security\.hypervisor/],
    [{ KRUN_NO_FIRMWARE: "1" }, /does not find its UEFI firmware/],
    [{ STAND_IN_KRUNKIT_VERSION: "0.2.2" }, /is version 0\.2\.2, needed is 1\.0\.0 or newer/],
  ];
  for (const [env, message] of cases) {
    const { code, stderr } = await mac.run(["vm", "start", "web"], { env });
    assert.notEqual(code, 0, JSON.stringify(env));
    assert.match(stderr, message);
    assert.deepEqual([mac.krunkits(), sockets(mac)], [[], []]);
  }
  await mac.ok(["vm", "rm", "web"]);
  await assertNothingLeft(mac.home);
});

Deno.test("what krunkit cannot do is refused before anything is made; --gpu it can", async () => {
  await using mac = await krunkitHome({ architecture: "amd64", env: PLAYED });
  const { rawPath, kernelPath } = await smallGuest("x86_64");
  const create = (...flags: string[]) => mac.run(["vm", "create", "--name", "no", ...flags]);
  const cases: [flags: string[], message: RegExp][] = [
    [["--kernel", kernelPath], /backend "krunkit" cannot boot this way: linux/],
    [
      [rawPath, "--network", "nat"],
      /but backend "krunkit" takes dgram-path or dgram-path-offload or dgram-fd or stream/,
    ],
    [[rawPath, "--vsock"], /backend "krunkit" has no vsock device/],
    [[rawPath, "--display", "800x600"], /backend "krunkit" has no screen of a chosen size/],
    [[rawPath, "--share", "/tmp:tmp:ro"], /can only share folders that the guest may write to/],
    [[rawPath, "--data-disk", "16M,bus=nvme"], /backend "krunkit" has no NVMe disks/],
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await create(...flags);
    assert.equal(code, 2, `${flags.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /hint: /);
  }
  await assertNothingLeft(mac.home);
  const made = await create(rawPath, ...SMALL, "--gpu");
  assert.equal(made.code, 0, made.stderr);
  const other = await mac.run(["vm", "create", "--name", "other", rawPath, "--gpu"].concat(
    ["--backend", "qemu", "--network", "none"],
  ));
  assert.equal(other.code, 2);
  assert.match(other.stderr, /backend "qemu" gives guests no graphics processor \(Vulkan\)/);
  await mac.ok(["vm", "rm", "no"]);
  await assertNothingLeft(mac.home);
});
