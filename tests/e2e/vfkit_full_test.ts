/** A whole Debian with cloud-init and systemd under vfkit's stand-in, on two networks. */
import assert from "node:assert/strict";
import { fullGuest } from "../guests/cache.ts";
import { cocoonArgv, cocoonEnv } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  inspect,
  kill9,
  only,
  supervisors,
  waitForMachine,
} from "../support/machines.ts";
import { openTerminal } from "../support/pty.ts";
import { vmnetHome } from "../support/vmnet.ts";
import { waitFor } from "../support/wait_for.ts";

/** A full system under emulation, on a computer with other things to do. */
const WAIT = ["--wait", "ssh", "--timeout", "9m"];
const LONG = { timeoutMs: 600_000 };

/**
 * A unit of the guest's, for one boot and long before the login: tells which boot it is, and powers
 * off. What a whole boot would prove of a guest that powers itself off, it proves in a third of it.
 */
const OFF_UNIT = `[Unit]
DefaultDependencies=no
Wants=dev-hvc0.device
After=dev-hvc0.device
[Service]
Type=oneshot
ExecStart=/bin/rm /etc/systemd/system/sysinit.target.wants/off.service
ExecStart=/bin/sh -c 'sed s/^/boot=/ /proc/sys/kernel/random/boot_id >/dev/hvc0'
ExecStart=/bin/systemctl --no-block poweroff
`;

Deno.test("a full Debian lives its whole life under vfkit", async (t) => {
  await using mac = await vmnetHome({ lab: 'subnet = "192.168.200.0/24"' });
  const { rawPath } = await fullGuest();
  const flags = ["--memory", "512M", "--cpus", "2", "--network", "nat", "--network", "lab"];
  await mac.ok(["vm", "run", "--name", "full", rawPath, ...flags, ...WAIT], LONG);
  const { home } = mac;
  const argv = (words: string[]) => [...home.wrapper ?? [], ...cocoonArgv(words)];
  const console_ = async () => {
    const [program = "", ...rest] = argv(["vm", "console", "full"]);
    const terminal = await openTerminal([program, ...rest], { env: cocoonEnv(home, mac.env) });
    await terminal.see("Connected to full.");
    return terminal;
  };
  const boot = async () => (await mac.ssh("full", "cat /proc/sys/kernel/random/boot_id")).trim();
  const addresses = () => mac.ssh("full", "ip -4 -oneline address");
  assert.equal(await mac.ssh("full", "hostname; id -un"), "full\ncocoon\n");
  // The names by which a guest finds its disks, whatever their order.
  const names = await mac.ssh("full", "ls /dev/disk/by-id");
  assert.deepEqual(
    names.split("\n").filter((name) => /^virtio-[a-z]+$/.test(name)),
    ["virtio-root", "virtio-seed"],
  );
  // systemd-networkd sends a DUID unless the seed tells it not to: the lease is found by the MAC.
  assert.match(await Deno.readTextFile(mac.env["STAND_IN_LEASES"] ?? ""), /hw_address=1,/);
  // cloud-init has set up the fixed address at the first boot.
  assert.match(await addresses(), /inet 192\.168\.200\.128\/24/);
  assert.match(await mac.ssh("full", "ping -c 1 192.168.200.1"), / 0% packet loss/);
  const instance = await mac.ssh("full", "sudo stat -c %Y /etc/ssh/ssh_host_ed25519_key");

  await t.step("the console has its login, is left, and shows what was missed", async () => {
    await using first = await console_();
    await first.see("full login:");
    await first.type("\x1d.");
    assert.equal(await first.exit, 0);
    await mac.ssh("full", "echo while-away | sudo tee /dev/hvc0");
    await using again = await console_();
    await again.see("while-away");
    await again.type("\x1d.");
    assert.equal(await again.exit, 0);
  });

  await t.step("it is paused and goes on, and a killed supervisor is replaced", async () => {
    await mac.ok(["vm", "pause", "full"]);
    assert.equal((await inspect(home, "full")).state, "paused");
    await mac.ok(["vm", "resume", "full"]);
    const hypervisor = only(mac.vfkits());
    await kill9(only(supervisors(home)));
    assert.equal((await inspect(home, "full")).state, "running");
    await waitFor("another supervisor", () => supervisors(home)[0]);
    assert.equal(only(mac.vfkits()), hypervisor);
    assert.equal(await mac.ssh("full", "echo still-here"), "still-here\n");
  });

  await t.step("it reboots in its vfkit, and powers itself off", async () => {
    const [before, hypervisor] = [await boot(), only(mac.vfkits())];
    const folder = "/etc/systemd/system";
    await mac.ssh(
      "full",
      `echo '${btoa(OFF_UNIT)}' | base64 -d | sudo tee ${folder}/off.service >/dev/null && ` +
        `sudo mkdir -p ${folder}/sysinit.target.wants && ` +
        `sudo ln -s ../off.service ${folder}/sysinit.target.wants/ && ` +
        "sudo systemd-run --on-active=1 systemctl reboot",
    );
    const log = `${home.path}/vms/${(await inspect(home, "full")).id}/console.log`;
    const [, after] = await waitFor("the second boot", async () => {
      return /boot=([0-9a-f-]{36})/.exec(await Deno.readTextFile(log)) ?? undefined;
    }, { timeoutMs: 240_000 });
    assert.notEqual(after, before);
    // Not a new one: it has begun and ended in the same process.
    assert.ok(mac.vfkits().every((pid) => pid === hypervisor));
    const off = ({ state }: { state: string }) => state === "stopped";
    const stopped = await waitForMachine(home, "full", "stopped", off, 240_000);
    // Its supervisor adopted it, and so is not the parent that could see a status.
    assert.equal(stopped.exit?.code, null);
  });

  await t.step("a guest that ignores the power button is ended when its time is up", async () => {
    // Firmware and boot loader know no power button: such a guest ignores it for real.
    await mac.ok(["vm", "start", "full"]);
    const { stderr } = await mac.ok(["vm", "stop", "full", "--timeout", "1s"], LONG);
    assert.match(stderr, /did not shut down in time and was ended \(quit\)/);
  });

  await t.step("a vfkit that was killed is told", async () => {
    await mac.ok(["vm", "start", "full"]);
    await kill9(only(mac.vfkits()));
    const failed = ({ state }: { state: string }) => state === "error";
    const { lastError } = await waitForMachine(home, "full", "error", failed);
    assert.match(lastError ?? "", /ended by SIGKILL/);
  });

  await t.step("it starts again on another subnet, as the same instance, and stops", async () => {
    const config = await Deno.readTextFile(`${home.path}/config.toml`);
    await Deno.writeTextFile(`${home.path}/config.toml`, config.replace("200.0/24", "201.0/24"));
    await mac.ok(["vm", "start", "full", ...WAIT], LONG);
    assert.match(await addresses(), /inet 192\.168\.201\.128\/24/);
    assert.doesNotMatch(await addresses(), /192\.168\.200\./);
    const now = await mac.ssh("full", "sudo stat -c %Y /etc/ssh/ssh_host_ed25519_key");
    assert.equal(now, instance, "what cloud-init does once, it has not done again");
    assert.equal((await mac.ssh("full", "ls /var/lib/cloud/instances")).split("\n").length, 2);
    const stopped = await mac.ok(["vm", "stop", "full", "--timeout", "4m"], LONG);
    assert.equal(stopped.stderr, "");
  });

  await mac.ok(["vm", "rm", "full"]);
  await assertNothingLeft(home);
});
