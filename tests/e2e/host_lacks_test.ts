/** What the computer itself can lack or refuse: programs, firmware, ports, permissions, room. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonArgv, cocoonEnv, cocoonOk, runCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  remains,
} from "../support/machines.ts";
import { freePort } from "../support/ports.ts";
import { assertRefused } from "../support/refusals.ts";
import { tempHome } from "../support/temp_home.ts";

/** Runs a program to its end; for cocoon behind another program, where `runCocoon` can't be used. */
async function run(argv: readonly string[], env: Record<string, string>) {
  const [program = "", ...args] = argv;
  const output = await new Deno.Command(program, { args, clearEnv: true, env }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

Deno.test("without QEMU nothing is started, and the line that installs it is told", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  // Firmware is looked for only where the program is, so this is the whole of what is missing.
  const options = { env: { PATH: `${home.path}/empty` } };
  const missing = "qemu: no program for \\S+ guests \\(qemu-system-\\S+\\) on PATH";
  const line = "\nhint: .*(apt|dnf|pacman|brew).* install .*qemu.*\n$";
  await assertRefused(home, {
    args: ["vm", "run", "--name", "web", ...boot],
    code: 5,
    // Before an image would be fetched.
    stderr: new RegExp(`^cocoon: ${missing}${line}`),
    options,
  });
  // A machine that exists stays, and says why it did not start.
  const created = await cocoonOk(home, ["vm", "create", "--name", "web", ...boot], options);
  assert.match(created.stderr, new RegExp(`^warning: ${missing}: the machine cannot be.*${line}`));
  const failed = await runCocoon(home, ["vm", "start", "web"], options);
  assert.equal(failed.code, 5);
  assert.equal(failed.stdout, "");
  assert.match(failed.stderr, new RegExp(`^cocoon: machine "web": ${missing}${line}`));
  const machine = await inspect(home, "web");
  assert.equal(machine.state, "error");
  assert.match(machine.lastError ?? "", new RegExp(missing));
  const doctor = await runCocoon(home, ["doctor"], options);
  assert.equal(doctor.code, 5);
  assert.match(doctor.stdout, new RegExp(`ERROR +qemu-system-\\S+ +${missing}`));
  await cocoonOk(home, ["vm", "rm", "web"]);
  assert.deepEqual(remains(home), []);
});

Deno.test("without UEFI firmware a disk image is not booted, and a kernel is", async () => {
  await using home = await tempHome();
  const guest = await smallGuest();
  // Empty folders over the real ones, seen by this command only.
  const hide = "for folder in /usr/share/OVMF /usr/share/ovmf /usr/share/AAVMF " +
    "/usr/share/qemu-efi-aarch64; do " +
    'test ! -d "$folder" || mount -t tmpfs none "$folder" || exit 99; done; exec "$@"';
  const without = (...args: string[]) =>
    run(["unshare", "--mount", "sh", "-c", hide, "sh", ...cocoonArgv(args)], cocoonEnv(home));
  const refused = await without("vm", "run", "--name", "web", guest.qcow2Path);
  assert.match(
    refused.stderr,
    /cocoon: machine "web": qemu: no UEFI firmware for \S+ guests; the machine was removed again\nhint: .* install .*\n$/,
  );
  assert.equal(refused.code, 5);
  assert.deepEqual(remains(home), []);
  const direct = await without("vm", "run", "--name", "web", ...directBoot(guest));
  assert.equal(direct.code, 0, direct.stderr);
  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await assertNothingLeft(home);
});

Deno.test("a published port belongs to one program, and to one machine", async () => {
  await using home = await tempHome();
  const boot = directBoot(await smallGuest());
  const port = freePort();
  const publish = ["--publish", `${port}:80`];
  const refusal = (name: string, why: string, hint: string) => ({
    code: 4,
    stderr: `cocoon: machine "${name}": network "nat": port 127.0.0.1:${port}/tcp ${why}\n` +
      `hint: ${hint}, or forward another port to the guest's port 80.\n`,
  });
  const create = (name: string) => ["vm", "create", "--name", name, ...boot, ...publish];
  {
    using _foreign = Deno.listen({ hostname: "127.0.0.1", port });
    const expected = refusal("web", "is in use by another program", "Stop that program");
    await assertRefused(home, { args: create("web"), ...expected });
    assert.deepEqual(remains(home), []);
  }
  await cocoonOk(home, create("db"));
  await cocoonOk(home, ["vm", "run", "--name", "web", ...boot, ...publish]);
  const expected = (name: string) =>
    refusal(name, "belongs to another machine or card", "Remove what has it");
  // Also while it is off: a port that changed its machine in between would be no use to anybody.
  for (const state of ["running", "stopped"]) {
    const { code, stderr } = await runCocoon(home, ["vm", "start", "db"]);
    assert.deepEqual({ code, stderr }, expected("db"), state);
    const made = await runCocoon(home, create("other"));
    assert.deepEqual({ code: made.code, stderr: made.stderr }, expected("other"), state);
    await cocoonOk(home, ["vm", "stop", "--force", "web"]);
  }
  assert.ok(!(await cocoonOk(home, ["vm", "list"])).stdout.includes("other"));
  assert.deepEqual(hypervisors(home), []);
  await cocoonOk(home, ["vm", "rm", "web"]);
  await cocoonOk(home, ["vm", "start", "db"]);
  await cocoonOk(home, ["vm", "rm", "--force", "db"]);
  await assertNothingLeft(home);
});

Deno.test("a home whose path is too long for sockets is refused, and not made", async () => {
  await using home = await tempHome();
  const path = `${home.path}/${"x".repeat(100)}`;
  const { code, stdout, stderr } = await runCocoon({ path }, ["vm", "list"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  const excess = `${path}/run/0123456789ab/supervisor.sock`.length - 103;
  assert.equal(
    stderr,
    `cocoon: ${path}: the path is ${excess} bytes too long for the sockets of a machine\n` +
      "hint: Set COCOON_HOME (or --home) to a shorter path, for example ~/.cocoon.\n",
  );
  assert.deepEqual([...Deno.readDirSync(home.path)], []);
});

Deno.test("a home that one may not read, or not write, is refused", async () => {
  await using home = await tempHome();
  await cocoonOk(home, ["vm", "list"]);
  // Another user's home, and a root who may not do what other users may not: an ordinary user
  // could not run this Deno where it lies in root's own home.
  const plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
  const asOther = (...args: string[]) => run([...plain, ...cocoonArgv(args)], cocoonEnv(home));
  await giveAway(home.path);
  {
    const { code, stdout, stderr } = await asOther("vm", "list");
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      `cocoon: ${home.path}: cannot be used: permission denied\n` +
        `hint: cocoon keeps its machines in ${home.path}. Make that folder yours, or set ` +
        "COCOON_HOME.\n",
    );
    assert.equal(code, 5);
  }
  {
    for (const path of ["", "/cache", "/state.db"]) await Deno.chmod(home.path + path, 0o755);
    const { code, stdout, stderr } = await asOther("vm", "list");
    assert.equal(stdout, "");
    assert.match(stderr, /^cocoon: \S+: .*(permission|read-?only|write).*\nhint: /i);
    assert.equal(code, 5);
  }
});

Deno.test("a disk that is full during create leaves nothing, and room is all it takes", async () => {
  await using home = await tempHome();
  const guest = await smallGuest();
  const small = `${home.path}/fs`;
  await Deno.mkdir(small);
  const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", small], {});
  assert.equal(mounted.code, 0, mounted.stderr);
  try {
    const inside = { path: small };
    const used = () => remains(inside);
    await cocoonOk(inside, ["vm", "list"]);
    // Kernel and initrd take 20 MB; how much is left decides which of the steps fails.
    const filler = `${small}/cache/filler`;
    const full = [];
    for (let freeKib = 0; freeKib <= 21_000; freeKib += 3_000) {
      await fillUp(filler, small, freeKib * 1024);
      const { code, stdout, stderr } = await runCocoon(inside, [
        ...["vm", "create", "--name", "web", "--network", "none"],
        ...directBoot(guest),
      ]);
      await Deno.remove(filler);
      const what = `${freeKib} KiB were free: ${stderr}`;
      if (code === 0) {
        await cocoonOk(inside, ["vm", "rm", "web"]);
        continue;
      }
      full.push(freeKib);
      assert.equal(code, 1, what);
      assert.equal(stdout, "", what);
      assert.match(stderr, /no space left|disk is full/i, what);
      assert.ok(!stderr.includes("internal error"), what);
      assert.deepEqual(used(), [], what);
      assert.equal((await cocoonOk(inside, ["vm", "list", "-o", "json"])).stdout, "[]\n", what);
    }
    assert.ok(full.length >= 4, `only these failed: ${full}`);
    await cocoonOk(inside, ["vm", "create", "--name", "web", ...directBoot(guest)]);
    await cocoonOk(inside, ["vm", "rm", "web"]);
    assert.deepEqual(used(), []);
  } finally {
    const unmounted = await run(["umount", small], {});
    assert.equal(unmounted.code, 0, unmounted.stderr);
  }
});

/** Makes all below a folder another user's. */
async function giveAway(path: string): Promise<void> {
  await Deno.chown(path, 65534, 65534);
  for (const entry of Deno.readDirSync(path)) {
    if (entry.isDirectory) await giveAway(`${path}/${entry.name}`);
    else await Deno.chown(`${path}/${entry.name}`, 65534, 65534);
  }
}

/** Writes a file until only so many bytes are free. */
async function fillUp(path: string, folder: string, freeBytes: number): Promise<void> {
  const { stdout } = await run(["stat", "-f", "-c", "%a %S", folder], {
    PATH: Deno.env.get("PATH") ?? "",
  });
  const [blocks = 0, blockBytes = 0] = stdout.trim().split(" ").map(Number);
  await Deno.writeFile(path, new Uint8Array(Math.max(0, blocks * blockBytes - freeBytes)));
}
