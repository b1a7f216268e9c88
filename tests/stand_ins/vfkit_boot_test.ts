/** Real guests in the stand-in of vfkit. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { run } from "../guests/lib/tools.ts";
import { makeKey, makeSeed } from "../guests/testing.ts";
import { killProcess, processesNaming } from "../support/processes.ts";
import { openTerminal } from "../support/pty.ts";
import { waitFor } from "../support/wait_for.ts";
import { bindUnix, closeFd, connectUnix, datagramSocket } from "./vfkit_lib/libc.ts";
import {
  list,
  received,
  request,
  setState,
  STAND_IN,
  startVfkit,
  waitForState,
  withFolder,
} from "./vfkit_lib/testing.ts";

const BOOT_MS = 120_000;
const MAC = "52:54:00:0a:0b:01";
const MAC_IN_LEASES = "52:54:0:a:b:1";

/** A copy of the guest's disk that stays sparse. */
function copyDisk(from: string, to: string): Promise<string> {
  return run("cp", ["--sparse=always", from, to]);
}

function linux(kernel: string, initrd: string): string[] {
  return ["--bootloader", `linux,kernel=${kernel},initrd=${initrd},cmdline="console=hvc0 quiet"`];
}

/**
 * Everything that the guest says on a terminal from now on. Read by a process of its own: a stream
 * of this one that is closed may leave a thread behind that takes what comes next.
 */
function readTerminal(path: string): { text(): string; [Symbol.asyncDispose](): Promise<void> } {
  const cat = new Deno.Command("cat", { args: [path], stdin: "null", stdout: "piped" }).spawn();
  let text = "";
  const read = async () => {
    for await (const part of cat.stdout.pipeThrough(new TextDecoderStream())) text += part;
  };
  const end = read();
  return {
    text: () => text,
    async [Symbol.asyncDispose]() {
      killProcess(cat.pid);
      await Promise.all([end, cat.status]);
    },
  };
}

/** True when a frame is broadcast by this address. */
function isBroadcastOf(frame: Uint8Array, mac: string): boolean {
  const hex = [...frame.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.slice(0, 6).join("") === "f".repeat(12) && hex.slice(6).join(":") === mac;
}

Deno.test("an Intel Mac boots by EFI; the guest is found by its lease and reached by SSH", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("x86_64");
    await copyDisk(guest.rawPath, `${folder}/root`);
    const client = await makeKey(`${folder}/client`);
    const host = await makeKey(`${folder}/host`);
    await makeSeed(`${folder}/seed`, {
      "meta-data": '{"instance-id":"i-1","local-hostname":"mac"}',
      "user-data": "#cloud-config\n" + JSON.stringify({
        users: [{ name: "root", ssh_authorized_keys: [client.publicText] }],
        ssh_keys: { ed25519_private: host.privateText, ed25519_public: host.publicText },
      }),
    });
    const socket = `${folder}/rest`;
    await using vfkit = startVfkit([
      ...["--memory", "256", "--restful-uri", `unix://${socket}`],
      ...["--bootloader", `efi,variable-store=${folder}/store,create`],
      ...["--device", `virtio-blk,path=${folder}/root,deviceId=root-disk`],
      ...["--device", `virtio-blk,path=${folder}/seed,deviceId=seed,readonly`],
      ...["--device", `virtio-net,nat,mac=${MAC}`, "--device", "virtio-rng"],
      ...["--device", `virtio-serial,logFilePath=${folder}/console`],
    ], { env: { STAND_IN_ARCH: "amd64", STAND_IN_LEASES: `${folder}/leases` } });
    await waitFor("the guest", async () => {
      assert.equal(vfkit.alive(), true, vfkit.stderr());
      return (await Deno.readTextFile(`${folder}/console`)).includes("small: ready");
    }, { timeoutMs: BOOT_MS });
    const lease = await Deno.readTextFile(`${folder}/leases`);
    const found = new RegExp(
      `^\\{\\n\\tname=mac\\n\\tip_address=(127[.0-9]+)\\n\\thw_address=1,${MAC_IN_LEASES}\\n` +
        `\\tidentifier=1,${MAC_IN_LEASES}\\n\\tlease=0x[0-9a-f]+\\n\\}\\n$`,
    ).exec(lease);
    assert.ok(found, lease);
    const [, address = ""] = found;
    await Deno.writeTextFile(`${folder}/known`, `${address} ${host.publicText}\n`);
    const said = await run("ssh", [
      ...["-F", "none", "-i", client.path, "-o", `UserKnownHostsFile=${folder}/known`],
      ...["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", `root@${address}`],
      "uname -m; cat /sys/block/vda/serial; echo; cat /sys/block/vdb/serial; echo; " +
      "cat /sys/block/vdb/ro; ls -d /sys/firmware/efi; poweroff",
    ]);
    assert.equal(said, "x86_64\nroot-disk\nseed\n1\n/sys/firmware/efi\n");
    assert.equal(await vfkit.exit, 0, "the guest powers itself off");
    assert.throws(() => Deno.statSync(socket), Deno.errors.NotFound);
  }));

Deno.test("a guest writes to its terminal, pauses, sends frames, and dies with vfkit", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("x86_64");
    const socket = `${folder}/rest`;
    const peer = datagramSocket();
    const link = datagramSocket();
    try {
      bindUnix(peer, `${folder}/peer`);
      connectUnix(link, `${folder}/peer`);
      await using vfkit = startVfkit([
        ...["--memory", "256", "--restful-uri", `unix://${socket}`],
        ...linux(guest.kernelPath, guest.initrdPath),
        ...["--device", `virtio-net,fd=3,mac=${MAC}`],
        ...["--device", "virtio-serial,pty", "--device", "virtio-balloon"],
      ], { env: { STAND_IN_ARCH: "amd64" }, inherit: [link] });
      await waitForState(socket, "Running");
      const { devices } = JSON.parse((await request(socket, "GET", "/vm/inspect")).text);
      await using terminal = readTerminal(devices[1].ptyName);
      const type = (line: string) => Deno.writeTextFile(devices[1].ptyName, `${line}\n`);
      await waitFor("the guest", () => terminal.text().includes("small: ready"), {
        timeoutMs: BOOT_MS,
      });
      assert.ok(received(peer).some((frame) => isBroadcastOf(frame, MAC)), "it asks for a lease");

      await type("stty -echo; grep . /sys/class/net/*/address");
      await waitFor("an answer", () => terminal.text().includes(`eth0/address:${MAC}`));

      await setState(socket, "Pause");
      await type("echo $((6 * 7))$((6 * 7))");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.equal(terminal.text().includes("4242"), false, "a paused guest says nothing");
      await setState(socket, "Resume");
      await waitFor("the answer", () => terminal.text().includes("4242"));

      const inFolder = () => processesNaming(folder).map(({ command }) => command);
      vfkit.signal("SIGKILL");
      assert.equal(await vfkit.exit, "SIGKILL");
      await waitFor("the end of the guest", () => inFolder().length === 0);
      assert.deepEqual(list(folder), ["peer", "rest"], "the socket is left behind");
    } finally {
      closeFd(peer);
      closeFd(link);
    }
  }));

Deno.test("a guest waits while nobody reads its terminal, loses nothing, and takes vfkit with it", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("x86_64");
    const socket = `${folder}/rest`;
    await using vfkit = startVfkit([
      ...["--memory", "256", "--restful-uri", `unix://${socket}`],
      ...linux(guest.kernelPath, guest.initrdPath),
      ...["--device", "virtio-serial,pty", "--device", `virtio-serial,logFilePath=${folder}/log`],
    ], { env: { STAND_IN_ARCH: "amd64" } });
    await waitForState(socket, "Running");
    const { devices } = JSON.parse((await request(socket, "GET", "/vm/inspect")).text);
    const path = devices[0].ptyName;
    {
      await using terminal = readTerminal(path);
      await waitFor("the guest", () => {
        const text = terminal.text();
        if (!text.includes("small: ready")) throw new Error(`it said: ${text}`);
        return true;
      }, { timeoutMs: BOOT_MS });
    }
    // More than a terminal holds, and spread over two seconds: a guest is not held at once, and can
    // write a lot until then. The second console tells when all of it was written.
    const [pieces, pieceBytes] = [20, 15_000];
    const count = pieces * pieceBytes;
    await Deno.writeTextFile(
      path,
      `stty -echo; for i in $(seq ${pieces}); do head -c ${pieceBytes} /dev/zero | tr '\\0' x; ` +
        "sleep 0.1; done; echo over >/dev/hvc1\n",
    );
    const over = async () => (await Deno.readTextFile(`${folder}/log`)).includes("over");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(await over(), false, "the guest waits");
    await using terminal = readTerminal(path);
    await waitFor("all of it", () => {
      // Not in one run: the shell or the kernel may say a word in between.
      const length = terminal.text().match(/x/g)?.length ?? 0;
      if (length < count) throw new Error(`${length} characters`);
      return true;
    });
    assert.equal(await waitFor("the end", over), true);

    const guests = processesNaming(folder).filter(({ pid }) => pid !== vfkit.pid);
    assert.equal(guests.length, 1);
    for (const { pid } of guests) killProcess(pid);
    assert.equal(await vfkit.exit, 1, "a crash");
    assert.match(vfkit.stderr(), /\nvirtualization error: hypervisor virtualization error\n$/);
    assert.deepEqual(list(folder), ["log"]);
  }));

Deno.test("a Mac with Apple silicon boots an arm64 kernel that is not compressed", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("aarch64");
    const env = { STAND_IN_ARCH: "arm64", COCOON_DENO: Deno.execPath() };
    await run("sh", ["-c", 'gzip -1 <"$1" >"$2"', "sh", guest.kernelPath, `${folder}/Image.gz`]);
    await using refused = startVfkit(linux(`${folder}/Image.gz`, guest.initrdPath), { env });
    assert.equal(await refused.exit, 1);
    assert.match(refused.stderr(), /\nkernel must be uncompressed, .*\/Image\.gz is a compressed/);

    const socket = `${folder}/rest`;
    const peer = datagramSocket();
    try {
      bindUnix(peer, `${folder}/peer`);
      await using terminal = await openTerminal([
        STAND_IN,
        ...["--memory", "256", "--restful-uri", `unix://${socket}`],
        ...linux(guest.kernelPath, guest.initrdPath),
        ...["--device", "virtio-serial,stdio"],
        ...["--device", `virtio-net,unixSocketPath=${folder}/peer,mac=${MAC}`],
      ], { env: { ...Deno.env.toObject(), ...env } });
      const ready = await terminal.see("small: ready", { timeoutMs: BOOT_MS });
      const [magic, ...frames] = received(peer);
      assert.deepEqual(magic, new TextEncoder().encode("VFKT"));
      assert.ok(frames.some((frame) => isBroadcastOf(frame, MAC)), "it asks for a lease");
      await terminal.type("uname -m; tty\n");
      await terminal.see(/aarch64\s+\/dev\/hvc0/, { from: ready });
      assert.equal((await setState(socket, "Stop")).status, 202);
      assert.equal(await terminal.exit, 0, "the guest obeys");
      assert.match(terminal.output(), /\[GIN\] .* \| 202 \| .* \| POST/);
      assert.deepEqual(list(folder), ["Image.gz", "peer"]);
    } finally {
      closeFd(peer);
    }
  }));

Deno.test("a Mac with Apple silicon boots by EFI, and keeps a store that is not made anew", () =>
  withFolder(async (folder) => {
    const guest = await smallGuest("aarch64");
    await copyDisk(guest.rawPath, `${folder}/root`);
    const start = (...options: string[]) =>
      startVfkit([
        ...[
          "--memory",
          "256",
          "--bootloader",
          ["efi", `variable-store=${folder}/store`, ...options]
            .join(","),
        ],
        ...["--device", `virtio-blk,path=${folder}/root`],
        ...["--device", `virtio-serial,logFilePath=${folder}/console`],
      ], { env: { STAND_IN_ARCH: "arm64", STAND_IN_IGNORE_STOP: "1" } });
    const read = () => run("sha256sum", [`${folder}/store`]);
    await using vfkit = start("create");
    await vfkit.says("virtual machine is running");
    const made = await read();
    await waitFor("the guest", async () => {
      assert.equal(vfkit.alive(), true, vfkit.stderr());
      return (await Deno.readTextFile(`${folder}/console`)).includes("small: ready");
    }, { timeoutMs: BOOT_MS });
    vfkit.signal("SIGTERM");
    assert.equal(await vfkit.exit, 0, "the guest ignores it, and its power is cut");
    const written = await read();
    assert.notEqual(written, made, "the firmware keeps its variables there");
    await using again = start();
    await again.says("virtual machine is running");
    assert.equal(await read(), written);
    again.signal("SIGKILL");
    await again.exit;
    await using anew = start("create");
    await anew.says("virtual machine is running");
    assert.notEqual(await read(), written, "create overwrites");
  }));
