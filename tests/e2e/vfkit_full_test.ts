/** A whole Debian with cloud-init and systemd under vfkit's stand-in. */
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
import { vfkitHome } from "../support/vfkit.ts";
import { waitFor } from "../support/wait_for.ts";

/** A full system under emulation, on a computer with other things to do. */
const WAIT = ["--wait", "ssh", "--timeout", "9m"];
const LONG = { timeoutMs: 600_000 };

Deno.test("a full Debian lives its whole life under vfkit", async (t) => {
  await using mac = await vfkitHome({
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  });
  const { rawPath } = await fullGuest();
  const flags = ["--memory", "512M", "--cpus", "2"];
  await mac.ok(["vm", "run", "--name", "full", rawPath, ...flags, ...WAIT], LONG);
  const { home } = mac;
  const console_ = async () => {
    const terminal = await openTerminal(cocoonArgv(["vm", "console", "full"]), {
      env: cocoonEnv(home, mac.env),
    });
    await terminal.see("Connected to full.");
    return terminal;
  };
  assert.equal(await mac.ssh("full", "hostname; id -un"), "full\ncocoon\n");
  // The names by which a guest finds its disks, whatever their order.
  const names = await mac.ssh("full", "ls /dev/disk/by-id");
  assert.deepEqual(
    names.split("\n").filter((name) => /^virtio-[a-z]+$/.test(name)),
    ["virtio-root", "virtio-seed"],
  );
  // systemd-networkd sends a DUID unless the seed tells it not to: the lease is found by the MAC.
  assert.match(await Deno.readTextFile(mac.env["STAND_IN_LEASES"] ?? ""), /hw_address=1,/);

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
    const boot = () => mac.ssh("full", "cat /proc/sys/kernel/random/boot_id");
    const [before, hypervisor] = [await boot(), only(mac.vfkits())];
    await mac.ssh("full", "sudo systemd-run --on-active=1 systemctl reboot");
    await waitFor("the second boot", async () => {
      const now = await boot().catch(() => before);
      return now !== before;
      // Each look is two programs, which would take the guest's time.
    }, { timeoutMs: 500_000, intervalMs: 2_000 });
    assert.equal(only(mac.vfkits()), hypervisor);
    await mac.ssh("full", "sudo systemd-run --on-active=1 systemctl poweroff");
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

  await t.step(
    "a vfkit that was killed is told, and the machine starts again and stops",
    async () => {
      await mac.ok(["vm", "start", "full"]);
      await kill9(only(mac.vfkits()));
      const failed = ({ state }: { state: string }) => state === "error";
      const { lastError } = await waitForMachine(home, "full", "error", failed);
      assert.match(lastError ?? "", /ended by SIGKILL/);
      await mac.ok(["vm", "start", "full", ...WAIT], LONG);
      const stopped = await mac.ok(["vm", "stop", "full", "--timeout", "4m"], LONG);
      assert.equal(stopped.stderr, "");
    },
  );

  await mac.ok(["vm", "rm", "full"]);
  await assertNothingLeft(home);
});
