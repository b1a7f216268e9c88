/** One small machine, booted once, through the verbs that need a guest. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk, runCocoon, spawnCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  list,
  only,
  remains,
  ssh,
  sshPortOf,
  supervisors,
  WAIT_SSH,
} from "../support/machines.ts";
import { freePort, giveOwnSshPorts, isPortFree } from "../support/ports.ts";
import { tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

Deno.test("a small machine obeys every verb from run to rm", async (t) => {
  await using home = await tempHome();
  await giveOwnSshPorts(home);
  const boot = directBoot(await smallGuest());
  const forwarded = freePort();

  await t.step("vm list says [] and nothing else when there are no machines", async () => {
    const { stdout, stderr } = await cocoonOk(home, ["vm", "list", "--output", "json"]);
    assert.equal(stdout, "[]\n");
    assert.equal(stderr, "");
  });

  await t.step("vm run --wait ssh prints the name and returns when one can log in", async () => {
    const { stdout } = await cocoonOk(home, [
      ...["vm", "run", "--name", "web", ...boot, ...WAIT_SSH],
      ...["--publish", `${forwarded}:8080`, "--data-disk", "16M"],
    ]);
    assert.equal(stdout, "web\n");
    assert.equal((await inspect(home, "web")).state, "running");
  });

  await t.step("vm ssh hands over arguments, input and exit status", async () => {
    assert.equal(await ssh(home, "web", "hostname; id -un"), "web\ncocoon\n");
    const several = ["printf", "[%s]", "a  b", "$HOME", "it's"];
    const { stdout } = await cocoonOk(home, ["vm", "ssh", "web", "--", ...several]);
    assert.equal(stdout, "[a  b][$HOME][it's]");
    assert.equal(await ssh(home, "web", "tr a-z A-Z", { stdin: "hello" }), "HELLO");
    const failed = await runCocoon(home, ["ssh", "web", "--", "echo no >&2; exit 42"]);
    assert.equal(failed.code, 42);
    assert.equal(failed.stdout, "");
    assert.match(failed.stderr, /no/);
    assert.equal(await ssh(home, "web", "sudo id -u"), "0\n");
  });

  await t.step("vm cp copies both ways, folders too", async () => {
    const here = `${home.path}/copies`;
    await Deno.mkdir(`${here}/folder/deep`, { recursive: true });
    await Deno.writeTextFile(`${here}/folder/deep/file`, "content\n");
    await Deno.writeTextFile(`${here}/one`, "one\n");
    await cocoonOk(home, ["vm", "cp", `${here}/one`, "web:two"]);
    assert.equal(await ssh(home, "web", "cat two"), "one\n");
    await cocoonOk(home, ["vm", "cp", "-r", `${here}/folder`, "web:/tmp/folder"]);
    await cocoonOk(home, ["vm", "cp", "-r", "web:/tmp/folder", `${here}/back`]);
    assert.equal(await Deno.readTextFile(`${here}/back/deep/file`), "content\n");
    const missing = await runCocoon(home, ["vm", "cp", "web:/nowhere", `${here}/none`]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /nowhere/);
    await Deno.remove(here, { recursive: true });
  });

  await t.step("--publish leads from a port of this computer to the guest's", async () => {
    await ssh(home, "web", "(echo from the guest | nc -l -p 8080) >/dev/null 2>&1 & :");
    const text = await waitFor("an answer through the forwarded port", async () => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: forwarded });
      const buffer = new Uint8Array(100);
      const count = await connection.read(buffer);
      return new TextDecoder().decode(buffer.subarray(0, count ?? 0)) || undefined;
    });
    assert.equal(text, "from the guest\n");
  });

  await t.step("--data-disk gives an empty disk of that size with its name as serial", async () => {
    const found = await ssh(
      home,
      "web",
      'for d in /sys/block/vd*; do echo "$(cat $d/serial) $(cat $d/size)"; done | sort',
    );
    assert.match(found, /^data1 32768$/m);
  });

  await t.step("vm inspect and list tell the same of a running machine", async () => {
    const { supervisor, ...machine } = await inspect(home, "web");
    assert.deepEqual(await list(home), [machine]);
    assert.deepEqual({ ...supervisor, pid: 0 }, { id: machine.id, pid: 0, terminals: 0 });
    assert.equal(machine.pid, only(hypervisors(home)));
    assert.equal(machine.desired, "running");
    assert.equal(machine.exit, null);
    const byPrefix = await inspect(home, machine.id.slice(0, 5));
    assert.equal(byPrefix.name, "web");
    const { stdout } = await cocoonOk(home, ["vm", "list"]);
    const [head, row, ...rest] = stdout.trimEnd().split("\n");
    assert.deepEqual(rest, []);
    assert.match(head ?? "", /^NAME +STATE +CPUS +MEMORY +SSH +IMAGE +AGE +ID$/);
    assert.match(row ?? "", /^web +running +1 +160MiB +127\.0\.0\.1:\d+ +- /);
  });

  await t.step("vm start of a running machine succeeds and starts nothing", async () => {
    const before = hypervisors(home);
    assert.equal((await cocoonOk(home, ["vm", "start", "web"])).stdout, "web\n");
    assert.deepEqual(hypervisors(home), before);
  });

  await t.step("vm rm of a running machine is refused, and it runs on", async () => {
    const refused = await runCocoon(home, ["vm", "rm", "web"]);
    assert.equal(refused.code, 4);
    assert.equal(refused.stdout, "");
    assert.equal(
      refused.stderr,
      'cocoon: machine "web" is running\n' +
        "hint: Stop it first (cocoon vm stop web), or remove it running: --force\n",
    );
    assert.equal(await ssh(home, "web", "echo alive"), "alive\n");
  });

  await t.step("vm pause stops the guest's clock, resume lets it go on", async () => {
    await cocoonOk(home, ["vm", "pause", "web"]);
    await cocoonOk(home, ["vm", "pause", "web"]);
    assert.equal((await inspect(home, "web")).state, "paused");
    const refused = await runCocoon(home, ["vm", "ssh", "web", "--", "true"]);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /machine "web" is paused.*\nhint: .*vm resume web/);
    await cocoonOk(home, ["vm", "resume", "web"]);
    await cocoonOk(home, ["vm", "resume", "web"]);
    assert.equal((await inspect(home, "web")).state, "running");
    assert.equal(await ssh(home, "web", "echo again"), "again\n");
  });

  await t.step("vm logs -f shows what the guest writes, and Ctrl-C ends it well", async () => {
    await using following = follow(spawnCocoon(home, ["vm", "logs", "-f", "web"]));
    const { command } = following;
    await waitFor("the log so far", () => command.output().stdout.includes("small: ready"));
    await ssh(home, "web", "echo said-now | sudo tee /dev/ttyS0");
    await waitFor("what was said now", () => command.output().stdout.includes("said-now"));
    command.kill("SIGINT");
    assert.equal((await command.result).code, 0);
    const tail = await cocoonOk(home, ["vm", "logs", "--tail", "1", "web"]);
    assert.ok(!tail.stdout.includes("small: ready"));
    const supervisor = await cocoonOk(home, ["vm", "logs", "--log", "supervisor", "web"]);
    assert.equal(supervisor.stdout, "");
  });

  await t.step("vm restart gives a new run of the same machine", async () => {
    const before = await inspect(home, "web");
    await cocoonOk(home, ["vm", "restart", "web", ...WAIT_SSH]);
    const after = await inspect(home, "web");
    assert.notEqual(after.pid, before.pid);
    assert.equal(sshPortOf(after), sshPortOf(before));
    assert.deepEqual(after.nics, before.nics);
    only(supervisors(home));
  });

  await t.step(
    "vm wait returns when the machine has stopped; stop shuts the guest down",
    async () => {
      const waiting = spawnCocoon(home, ["vm", "wait", "web"]);
      const stopped = await cocoonOk(home, ["vm", "stop", "web", "--timeout", "60s"]);
      // Nothing on standard error: the guest was not ended by force.
      assert.equal(stopped.stderr, "");
      assert.equal((await waiting.result).code, 0);
      const machine = await inspect(home, "web");
      assert.equal(machine.state, "stopped");
      assert.equal(machine.exit?.code, 0);
      assert.equal(machine.pid, null);
      const { stdout } = await cocoonOk(home, ["vm", "logs", "web"]);
      assert.match(stdout, /reboot: Power down/);
      assert.deepEqual(remains(home).filter((path) => path.endsWith(".sock")), []);
    },
  );

  await t.step("vm stop of a stopped machine succeeds", async () => {
    assert.equal((await cocoonOk(home, ["vm", "stop", "web"])).stdout, "web\n");
  });

  await t.step("what needs a guest that runs says so when it is off", async () => {
    for (const verb of [["ssh", "web", "--", "true"], ["pause", "web"], ["cp", "web:a", "b"]]) {
      const { code, stderr } = await runCocoon(home, ["vm", ...verb]);
      assert.equal(code, 4, verb.join(" "));
      assert.match(stderr, /machine "web" is stopped, not running\nhint: .*cocoon vm start web/);
    }
    const waited = await runCocoon(home, ["vm", "wait", "web", "--for", "ssh"]);
    assert.equal(waited.code, 1);
    assert.match(waited.stderr, /machine "web" is in state stopped and nobody starts it/);
  });

  await t.step(
    "vm debug prints a command line that starts nothing, and is what would run",
    async () => {
      const before = remains(home);
      const { stdout } = await cocoonOk(home, ["vm", "debug", "web"]);
      assert.match(
        stdout,
        /^umask 077\nmkdir -p \S+\n# hypervisor\n\S*qemu-system-\S+ -name '?guest=web'? /,
      );
      const plan = JSON.parse((await cocoonOk(home, ["vm", "debug", "web", "-o", "json"])).stdout);
      const [hypervisor] = plan.processes;
      assert.equal(hypervisor.role, "hypervisor");
      assert.deepEqual(hypervisors(home), []);
      assert.deepEqual(remains(home), before);
      await cocoonOk(home, ["vm", "start", "web"]);
      const running = await Deno.readTextFile(`/proc/${only(hypervisors(home))}/cmdline`);
      assert.deepEqual(running.split("\0").slice(0, -1), hypervisor.argv);
    },
  );

  await t.step("vm rm --force ends a guest that boots, and leaves nothing", async () => {
    const port = sshPortOf(await inspect(home, "web"));
    assert.equal((await cocoonOk(home, ["vm", "rm", "--force", "web"])).stdout, "web\n");
    await assertNothingLeft(home);
    assert.ok(isPortFree(port));
    assert.ok(isPortFree(forwarded));
    const again = await runCocoon(home, ["vm", "rm", "web"]);
    assert.equal(again.code, 3);
    assert.match(again.stderr, /machine "web" does not exist/);
  });
});

/** Kills a command at the end of the scope if it is still there. */
function follow(command: ReturnType<typeof spawnCocoon>) {
  return {
    command,
    async [Symbol.asyncDispose]() {
      command.kill("SIGKILL");
      await command.result;
    },
  };
}
