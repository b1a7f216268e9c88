/** Real guests in the stand-in of krunkit. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import type { GuestArch } from "../guests/lib/arch.ts";
import { run } from "../guests/lib/tools.ts";
import { makeKey, makeSeed } from "../guests/testing.ts";
import { processesNaming } from "../support/processes.ts";
import { waitFor } from "../support/wait_for.ts";
import { exchange, startKrunkit } from "./krunkit_lib/testing.ts";
import { bindUnix, closeFd, datagramSocket } from "./vfkit_lib/libc.ts";
import { list, received, withFolder } from "./vfkit_lib/testing.ts";

const BOOT_MS = 150_000;
const MAC = "52:54:00:0a:0b:0c";

/** A seed whose guest does one thing at its first boot. */
async function seedThat(folder: string, command: string): Promise<string> {
  const { publicText } = await makeKey(`${folder}/key`);
  const path = `${folder}/seed`;
  await makeSeed(path, {
    "meta-data": '{"instance-id":"i-1","local-hostname":"krun"}',
    "user-data": "#cloud-config\n" + JSON.stringify({
      users: [{ name: "root", ssh_authorized_keys: [publicText] }],
      runcmd: [command],
    }),
  });
  return path;
}

function machine(folder: string, architecture: GuestArch, more: string[] = []) {
  return startKrunkit([
    ...["--memory", "256", "--restful-uri", `unix://${folder}/rest`],
    ...["--bootloader", `efi,variable-store=${folder}/store,create`],
    ...more,
    ...["--device", `virtio-serial,logFilePath=${folder}/console`],
  ], {
    env: { STAND_IN_ARCH: architecture === "aarch64" ? "arm64" : "amd64", TMPDIR: folder },
  });
}

async function sees(folder: string, text: string, times = 1): Promise<void> {
  await waitFor(`"${text}" on the console`, async () => {
    const console = await Deno.readTextFile(`${folder}/console`);
    return console.split(text).length > times;
  }, { timeoutMs: BOOT_MS });
}

Deno.test("an EFI guest finds its seed by the label, sends frames, and obeys its power button", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("x86_64");
    await run("qemu-img", [
      ...["create", "-q", "-f", "qcow2", "-F", "raw", "-b", guest.rawPath, `${folder}/root`],
    ]);
    const seed = await seedThat(folder, "cat /sys/block/vdb/ro /sys/block/vda/serial >/dev/hvc0");
    const peer = datagramSocket();
    try {
      bindUnix(peer, `${folder}/peer`);
      await using krunkit = machine(folder, "x86_64", [
        ...["--device", `virtio-blk,path=${folder}/root,format=qcow2`],
        ...["--device", `virtio-blk,path=${seed}`],
        ...["--device", `virtio-net,type=unixgram,path=${folder}/peer,mac=${MAC},vfkitMagic=on`],
      ]);
      await sees(folder, "host krun");
      const console = await Deno.readTextFile(`${folder}/console`);
      const { dev, ino } = await Deno.stat(`${folder}/root`);
      assert.match(console, new RegExp(`^0\\s+${dev.toString(16)}${ino?.toString(16)}`, "m"));
      const [magic, ...frames] = received(peer);
      assert.deepEqual(magic, new TextEncoder().encode("VFKT"));
      const own = MAC.split(":").map((octet) => parseInt(octet, 16));
      assert.ok(frames.some((frame) => String([...frame.subarray(6, 12)]) === String(own)));
      assert.ok(list(folder).includes(`krun-net-${krunkit.pid}-0.sock`), String(list(folder)));
      assert.match(await exchange(`${folder}/rest`, "POST /vm/state"), /Stopping"\}\0$/);
      assert.equal(await krunkit.exit, 0, krunkit.stderr());
      assert.ok(!list(folder).includes("store"), "nothing is kept of the firmware's variables");
      assert.ok(list(folder).includes(`krun-net-${krunkit.pid}-0.sock`), "it is left behind");
    } finally {
      closeFd(peer);
    }
  }));

Deno.test("an aarch64 guest that reboots ends krunkit; a signal ends the guest", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("aarch64");
    await run("cp", ["--sparse=always", guest.rawPath, `${folder}/root`]);
    const seed = await seedThat(folder, "echo first >/dev/hvc0; reboot -f");
    const disks = [`virtio-blk,path=${folder}/root`, `virtio-blk,path=${seed}`]
      .flatMap((device) => ["--device", device]);
    await using first = machine(folder, "aarch64", disks);
    assert.equal(await first.exit, 0, first.stderr());
    // Without the seed, at whose behest it would reboot again.
    await using second = machine(folder, "aarch64", disks.slice(0, 2));
    await sees(folder, "small: ready up");
    assert.ok(!(await Deno.readTextFile(`${folder}/console`)).includes("first"), "begun anew");
    second.signal("SIGTERM");
    assert.equal(await second.exit, "SIGTERM");
    await waitFor("the end of the guest", () => processesNaming(folder).length === 0);
  }));
