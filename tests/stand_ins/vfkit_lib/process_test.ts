import assert from "node:assert/strict";
import { bindUnix, closeFd, connectUnix, datagramSocket } from "./libc.ts";
import { list, request, setState, startVfkit, waitForState, withFolder } from "./testing.ts";
import { waitFor } from "../../support/wait_for.ts";

const PLAYED = { STAND_IN_NO_GUEST: "1" };
const efi = (folder: string) => ["--bootloader", `efi,variable-store=${folder}/store,create`];

Deno.test("a refusal is said first and last, with the usage between, on standard error", () =>
  withFolder(async (folder) => {
    await using vfkit = startVfkit([
      ...[...efi(folder), "--pidfile", `${folder}/pid`],
      ...["--device", `virtio-blk,path=${folder}/absent`],
    ]);
    assert.equal(await vfkit.exit, 1);
    const text = `failed to open file ${folder}/absent: open ${folder}/absent: ` +
      "no such file or directory";
    assert.match(
      vfkit.stderr(),
      new RegExp(`\\nError: ${text}\\nUsage:\\n {2}vfkit \\[flags\\]\\n`),
    );
    assert.ok(vfkit.stderr().endsWith(`\n\n${text}\n`));
    assert.equal(vfkit.stdout(), "");
    // Written before the devices were looked at, and never removed.
    assert.equal(await Deno.readTextFile(`${folder}/pid`), String(vfkit.pid));
    assert.equal((Deno.statSync(`${folder}/pid`).mode ?? 0) & 0o777, 0o600);
    // The boot loader comes after the devices are read.
    assert.deepEqual(list(folder), ["pid"]);
  }));

Deno.test("the log tells the parameters, the devices and the states in vfkit's order", () =>
  withFolder(async (folder) => {
    await using vfkit = startVfkit([
      ...[...efi(folder), "-c", "2", "-m", "1024"],
      ...["--device", "virtio-rng", "--device", `virtio-serial,logFilePath=${folder}/log`],
      ...["--device", "virtio-net,nat,mac=52:54:00:11:22:33"],
    ], { env: { ...PLAYED, VZ_GUEST_OFF_MS: "100", TZ: "UTC" } });
    assert.equal(await vfkit.exit, 0);
    const lines = vfkit.stderr().trimEnd().split("\n");
    const form = /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=info msg=(.*)$/;
    assert.deepEqual(lines.map((line) => form.exec(line)?.[1]), [
      '"virtual machine parameters:"',
      '"\\tvCPUs: 2"',
      '"\\tmemory: 1024 MiB"',
      "",
      '"Adding virtio-rng device"',
      `"Adding virtio-serial device (logFile: ${folder}/log)"`,
      '"Adding virtio-net device (nat: true macAddress: [52:54:00:11:22:33])"',
      '"virtual machine is running"',
      '"waiting for VM to stop"',
      '"VM is stopped"',
    ]);
  }));

Deno.test("a signal asks the guest, waits 5 seconds and then cuts; a second one hangs", () =>
  withFolder(async (folder) => {
    const start = (name: string, env: Record<string, string> = {}) =>
      startVfkit([
        ...["--bootloader", `efi,variable-store=${folder}/${name}.store,create`],
        ...["--restful-uri", `unix://${folder}/${name}`, "--log-level", "debug"],
      ], { env: { ...PLAYED, ...env } });
    await using obeys = start("obeys");
    await using ignores = start("ignores", { STAND_IN_IGNORE_STOP: "1" });
    await using paused = start("paused");
    await using twice = start("twice", { STAND_IN_IGNORE_STOP: "1" });
    await using early = start("early", { VZ_START: "hang" });
    await using old = start("old", {
      STAND_IN_IGNORE_STOP: "1",
      STAND_IN_VFKIT_VERSION: "0.6.1",
    });
    const all = [obeys, ignores, paused, twice, old];
    await Promise.all(all.map((vfkit) => vfkit.says("waiting for VM to stop")));
    await waitForState(`${folder}/early`, "Starting");
    assert.equal((await setState(`${folder}/paused`, "Pause")).status, 202);
    const began = performance.now();
    for (const vfkit of [...all, early]) vfkit.signal(vfkit === obeys ? "SIGINT" : "SIGTERM");
    await twice.says("captured");
    twice.signal("SIGTERM");

    assert.equal(await obeys.exit, 0);
    assert.ok(performance.now() - began < 4_000, "at once");
    assert.match(
      obeys.stderr(),
      /\n\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d captured interrupt, calling exit handlers and exiting\.\.\n/,
    );
    assert.match(obeys.stderr(), /level=debug msg="VM stopped gracefully"\n/);
    // 0.6.1 does not ask.
    assert.equal(await old.exit, 1);
    assert.ok(performance.now() - began < 4_000, "at once");

    for (const vfkit of [ignores, paused]) {
      assert.equal(await vfkit.exit, 0);
      assert.ok(performance.now() - began > 4_900, "after its 5 seconds");
      assert.match(
        vfkit.stderr(),
        /level=error msg="failed to wait for VM stop: timeout waiting for VM state, forcing stop"\n/,
      );
    }
    assert.equal(await early.exit, 1);
    assert.match(early.stderr(), /\ntimeout waiting for VM state\n$/);

    await waitForState(`${folder}/twice`, "Stopped");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(twice.alive(), true, "nothing but SIGKILL ends it");
    twice.signal("SIGKILL");
    assert.equal(await twice.exit, "SIGKILL");
    const left = list(folder).filter((name) => !name.endsWith(".store"));
    assert.deepEqual(left, ["twice"], "an orderly end removes the socket, SIGKILL does not");
  }));

Deno.test("a card on a path greets its peer, and its socket goes with an orderly end", () =>
  withFolder(async (folder) => {
    const peer = datagramSocket();
    try {
      bindUnix(peer, `${folder}/peer`);
      const start = (release: string) =>
        startVfkit([
          ...[...efi(folder), "--restful-uri", `unix://${folder}/rest`],
          ...["--device", `virtio-net,unixSocketPath=${folder}/peer,mac=52:54:00:11:22:33`],
        ], { env: { ...PLAYED, STAND_IN_VFKIT_VERSION: release } });
      await using vfkit = start("0.6.4");
      await vfkit.says("waiting for VM to stop");
      const own = list(folder).filter((name) => name.startsWith("vfkit-"));
      assert.deepEqual(own.map((name) => name.replace(/-[0-9a-f]+\.sock$/, "")), [
        `vfkit-${vfkit.pid.toString(16)}`,
      ]);
      const { devices } = JSON.parse((await request(`${folder}/rest`, "GET", "/vm/inspect")).text);
      assert.deepEqual(devices, [{
        kind: "virtionet",
        nat: false,
        socket: {},
        vfkitMagic: true,
        macAddress: "52:54:00:11:22:33",
      }]);
      await setState(`${folder}/rest`, "Stop");
      assert.equal(await vfkit.exit, 0);
      assert.deepEqual(list(folder), ["peer", "store"]);

      // 0.6.0 leaves it when the guest powers itself off.
      await using old = start("0.6.0");
      await old.says("waiting for VM to stop");
      await setState(`${folder}/rest`, "Stop");
      assert.equal(await old.exit, 0);
      assert.equal(list(folder).filter((name) => name.startsWith("vfkit-")).length, 1);
    } finally {
      closeFd(peer);
    }
  }));

Deno.test("a peer that does not answer is an error that leaves our own socket behind", () =>
  withFolder(async (folder) => {
    await using vfkit = startVfkit([
      ...[...efi(folder), "--device", `virtio-net,type=unixgram,path=${folder}/absent`],
    ], { env: PLAYED });
    assert.equal(await vfkit.exit, 1);
    const [own = ""] = list(folder).filter((name) => name.endsWith(".sock"));
    assert.ok(
      vfkit.stderr().endsWith(
        `\ndial unixgram ${folder}/${own}->${folder}/absent: connect: no such file or directory\n`,
      ),
      vfkit.stderr(),
    );
  }));

Deno.test("a card on a descriptor wants a datagram socket that was handed over", () =>
  withFolder(async (folder) => {
    const start = (...inherit: number[]) =>
      startVfkit([...efi(folder), "--device", "virtio-net,fd=3"], {
        env: { ...PLAYED, VZ_GUEST_OFF_MS: "0" },
        inherit,
      });
    const peer = datagramSocket();
    const socket = datagramSocket();
    try {
      bindUnix(peer, `${folder}/peer`);
      connectUnix(socket, `${folder}/peer`);
      await using good = start(socket);
      assert.equal(await good.exit, 0, good.stderr());
      assert.match(good.stderr(), /msg="Using fd 3"/);
      await using absent = start();
      assert.equal(await absent.exit, 1);
      assert.match(absent.stderr(), /\ngetsockopt: bad file descriptor\n$/);
    } finally {
      closeFd(peer);
      closeFd(socket);
    }
  }));

Deno.test("a disk has one writer or many readers, over all processes", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/disk`, new Uint8Array(1024));
    const start = (name: string, disk: string) =>
      startVfkit([
        ...["--bootloader", `efi,variable-store=${folder}/${name},create`],
        ...["--restful-uri", `unix://${folder}/${name}.sock`, "--device", disk],
      ], { env: PLAYED });
    const writer = `virtio-blk,path=${folder}/disk`;
    await using first = start("1", writer);
    await first.says("waiting for VM to stop");
    for (const disk of [writer, `nvme,path=${folder}/disk,readonly`]) {
      await using second = start("2", disk);
      assert.equal(await second.exit, 1);
      assert.match(
        second.stderr(),
        /Error Domain=VZErrorDomain Code=2 Description="Invalid virtual/,
      );
      assert.match(
        second.stderr(),
        /Reason = "The storage device attachment is invalid\.";\n\}\n$/,
      );
    }
    first.signal("SIGKILL");
    await first.exit;
    await using reader = start("3", `${writer},readonly`);
    await using other = start("4", `${writer},readonly`);
    await reader.says("waiting for VM to stop");
    await other.says("waiting for VM to stop");
  }));

Deno.test("the framework's limits and refusals carry Apple's codes", () =>
  withFolder(async (folder) => {
    const refusals: readonly [env: Record<string, string>, args: string[], text: string][] = [
      [{ VZ_MAX_CPUS: "4" }, ["-c", "5"], "Code=2"],
      [{ VZ_MAX_MEMORY_MIB: "1024" }, ["-m", "1025"], "The memory size is invalid."],
      [{ VZ_ENTITLED: "0" }, [], "“com.apple.security.virtualization” entitlement."],
      [{ VZ_START: "limit" }, [], "Code=6"],
      [{ VZ_START: "fail" }, [], "The virtual machine failed to start."],
      [{ VZ_MACOS: "12" }, [], "unsupported macOS version"],
      [{}, ["-d", `virtio-blk,path=${folder}/disk,deviceId=${"x".repeat(21)}`], "Code=2"],
      [{}, [
        ...["-d", `virtio-fs,sharedDir=${folder},mountTag=x`],
        ...["-d", "virtio-fs,sharedDir=/tmp,mountTag=x"],
      ], "Code=2"],
    ];
    await Deno.writeFile(`${folder}/disk`, new Uint8Array(512));
    for (const [env, args, text] of refusals) {
      await using vfkit = startVfkit([...efi(folder), ...args], { env: { ...PLAYED, ...env } });
      assert.equal(await vfkit.exit, 1, text);
      assert.ok(vfkit.stderr().includes(text), `${text} in ${vfkit.stderr()}`);
    }
  }));

Deno.test("vsock sockets with connect appear when the machine runs, and never with a space", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/sp ace`);
    await Deno.writeTextFile(`${folder}/taken`, "");
    const vsock = (port: number, path: string, way: string) => [
      ...["--device", `virtio-vsock,port=${port},socketURL=${folder}/${path},${way}`],
    ];
    await using vfkit = startVfkit([
      ...efi(folder),
      ...vsock(1, "good", "connect"),
      ...vsock(2, "sp ace/v", "connect"),
      ...vsock(3, "taken", "connect"),
      ...vsock(4, "host", "listen"),
    ], { env: PLAYED });
    await vfkit.says("waiting for VM to stop");
    const said = vfkit.stderr();
    assert.equal(said.match(/Adding virtio-vsock device/g)?.length, 1);
    assert.ok(said.includes(`Exposing vsock port 1 on ${folder}/good"`));
    assert.ok(said.includes(`Exposing vsock port 4 on ${folder}/host (listening)"`));
    const warning = (port: number, path: string, why: string) =>
      `level=warning msg="error exposing vsock port ${port}: listen unix ${folder}/${path}: ` +
      `bind: ${why}"`;
    assert.ok(said.includes(warning(2, "sp%20ace/v", "no such file or directory")), said);
    assert.ok(said.includes(warning(3, "taken", "address already in use")));
    assert.deepEqual(list(folder), ["good", "sp ace", "store", "taken"]);
    vfkit.signal("SIGTERM");
    assert.equal(await vfkit.exit, 0);
    assert.deepEqual(list(folder), ["sp ace", "store", "taken"]);
  }));

Deno.test("a seed of --cloud-init lives as long as the machine; dead ones go at the next start", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/user-data`, "#cloud-config\n");
    const seeds = `${folder}/vfkit-cloudinit`;
    const start = () =>
      startVfkit([...efi(folder), "--cloud-init", `${folder}/user-data`], {
        env: { ...PLAYED, TMPDIR: folder },
      });
    await using killed = start();
    await killed.says("waiting for VM to stop");
    const [seed = ""] = list(seeds);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(`${seeds}/${seed}`));
    assert.ok(text.includes("cidata") && text.includes("#cloud-config"));
    killed.signal("SIGKILL");
    await killed.exit;
    assert.deepEqual(list(seeds), [seed]);
    await using next = start();
    await next.says("waiting for VM to stop");
    assert.equal(list(seeds).includes(seed), false);
    next.signal("SIGTERM");
    assert.equal(await next.exit, 0);
    await waitFor("the removal", () => list(seeds).length === 0);
  }));

Deno.test("the stand-in itself fails apart from vfkit, with status 99", () =>
  withFolder(async (folder) => {
    await using vfkit = startVfkit(efi(folder), { env: { VZ_START: "perhaps" } });
    assert.equal(await vfkit.exit, 99);
    assert.equal(
      vfkit.stderr(),
      'stand-in: VZ_START="perhaps": must be ok or fail or limit or hang\n',
    );
  }));
