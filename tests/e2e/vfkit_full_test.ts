/** A whole Debian with cloud-init and systemd under vfkit's stand-in. */
import assert from "node:assert/strict";
import { fullGuest } from "../guests/cache.ts";
import { assertNothingLeft } from "../support/machines.ts";
import { vfkitHome } from "../support/vfkit.ts";

/** A full system under emulation, on a computer with other things to do. */
const WAIT = ["--wait", "ssh", "--timeout", "9m"];
const LONG = { timeoutMs: 600_000 };

Deno.test("a full Debian under vfkit boots by EFI, is found by its lease, and obeys the power button", async () => {
  await using mac = await vfkitHome({
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  });
  const { rawPath } = await fullGuest();
  const flags = ["--memory", "512M", "--cpus", "2", "--disk", "3G"];
  await mac.ok(["vm", "run", "--name", "full", rawPath, ...flags, ...WAIT], LONG);
  assert.equal(await mac.ssh("full", "hostname; id -un"), "full\ncocoon\n");
  // The names by which a guest finds its disks, whatever their order.
  const names = await mac.ssh("full", "ls /dev/disk/by-id");
  assert.deepEqual(
    names.split("\n").filter((name) => /^virtio-[a-z]+$/.test(name)),
    ["virtio-root", "virtio-seed"],
  );
  // systemd-networkd sends a DUID unless the seed tells it not to: the lease is found by the MAC.
  assert.match(await Deno.readTextFile(mac.env["STAND_IN_LEASES"] ?? ""), /hw_address=1,/);
  const stopped = await mac.ok(["vm", "stop", "full", "--timeout", "4m"], LONG);
  assert.equal(stopped.stderr, "");
  await mac.ok(["vm", "rm", "full"]);
  await assertNothingLeft(mac.home);
});
