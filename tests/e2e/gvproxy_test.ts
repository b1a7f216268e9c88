import assert from "node:assert/strict";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk, runCocoon, spawnCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  directBoot,
  hypervisors,
  inspect,
  kill9,
  only,
  ssh,
  sshPortOf,
  supervisors,
  WAIT_SSH,
  waitForMachine,
} from "../support/machines.ts";
import { GVPROXY, gvproxyOfMac } from "../support/gvproxy.ts";
import { freePort, ownSshPorts } from "../support/ports.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { gvproxyProgram } from "../support/trixie.ts";
import { vfkitHome } from "../support/vfkit.ts";
import { waitFor } from "../support/wait_for.ts";

/** Process ids of the helpers that run for a home. */
function gvproxies(home: TempHome): number[] {
  return home.processes().filter(({ command }) => /\/gvproxy -listen /.test(command))
    .map(({ pid }) => pid);
}

async function configure(home: TempHome, networks: Record<string, string>): Promise<void> {
  const program = await gvproxyProgram();
  const tables = Object.entries(networks).map(([name, more]) =>
    `[networks.${name}]\nprovider = "gvproxy"\nprogram = ${JSON.stringify(program)}\n` +
    `ssh_ports = "${ownSshPorts()}"\n${more}\n`
  );
  await Deno.writeTextFile(`${home.path}/config.toml`, tables.join("\n"));
}

/** What a server behind a port of this computer says first; every SSH server says its version. */
async function banner(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), 10_000);
  const buffer = new Uint8Array(64);
  const count = await connection.read(buffer) ?? 0;
  clearTimeout(timer);
  return new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("machines on two networks of gvproxy: forwards, DNS, restart, and nothing left", async () => {
  await using home = await tempHome();
  const [declared, published, live] = [freePort(), freePort(), freePort()];
  await configure(home, {
    front: `forward = ["127.0.0.1:${declared}:22"]`,
    back: "",
  });
  const boot = directBoot(await smallGuest());
  const publish = ["-p", `${published}:22`];
  await Promise.all([
    cocoonOk(home, ["run", "--name=web", "--network=front", ...publish, ...boot, ...WAIT_SSH]),
    cocoonOk(home, ["run", "--name=db", "--network=back", ...boot, ...WAIT_SSH]),
  ]);
  assert.equal(gvproxies(home).length, 2);
  assert.match(await ssh(home, "web", "ip -4 addr show"), /inet 192\.168\.127\.3\/24/);
  assert.match(
    await ssh(home, "db", "nslookup gateway.containers.internal"),
    /Address[^\n]*192\.168\.127\.1$/m,
  );
  for (const port of [declared, published]) assert.match(await banner(port), /^SSH-2\.0-/);

  const { id } = await inspect(home, "web");
  for (let time = 0; time < 2; time++) {
    await cocoonOk(home, ["vm", "forward", "web", "--add", `${live}:22`]);
    assert.match(await banner(live), /^SSH-2\.0-/);
  }
  const taken = await runCocoon(home, ["vm", "forward", "db", "--add", `${live}:22`]);
  assert.match(taken.stderr, new RegExp(`port 127\\.0\\.0\\.1:${live}/tcp is in use`));
  for (let time = 0; time < 2; time++) {
    await cocoonOk(home, ["vm", "forward", "web", "--remove", `${live}:22`]);
    await assert.rejects(banner(live), Deno.errors.ConnectionRefused);
  }

  const config = `${home.path}/ssh/config`;
  const { stdout } = await new Deno.Command("ssh", {
    args: ["-F", config, "-o", "BatchMode=yes", "web", "hostname"],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "web\n");

  // A machine that is killed takes its helper with it.
  const { pid } = await inspect(home, "db");
  assert.ok(pid !== null);
  await kill9(pid);
  await waitFor("the end of its helper", () => gvproxies(home).length === 1, { timeoutMs: 2_000 });

  const port = sshPortOf(await inspect(home, "web"));
  await cocoonOk(home, ["vm", "stop", "web"]);
  assert.deepEqual([...gvproxies(home), ...hypervisors(home)], []);
  await cocoonOk(home, ["vm", "start", "web", ...WAIT_SSH]);
  assert.equal(sshPortOf(await inspect(home, "web")), port);

  // It goes on without its network, and says so.
  await kill9(only(gvproxies(home)));
  const loss = "the helper gvproxy0 has ended; its network card has no connection";
  {
    using store = openStore(openHome(home.path));
    const lost = () => store.machines.get(id)?.lastError === loss;
    await waitFor("the loss", lost, { timeoutMs: 2_000, intervalMs: 20 });
  }
  assert.equal((await inspect(home, "web")).state, "running");
  await cocoonOk(home, ["vm", "rm", "--force", "web", "db"]);
  await assertNothingLeft(home);
});

Deno.test("--restart on-failure starts a machine again that has lost its gvproxy", async () => {
  await using home = await tempHome();
  await configure(home, { front: "" });
  const boot = directBoot(await smallGuest());
  const policy = ["--restart", "on-failure"];
  await cocoonOk(home, ["run", "--name=web", "--network=front", ...policy, ...boot, ...WAIT_SSH]);
  const before = only(hypervisors(home));
  await kill9(only(gvproxies(home)));
  const again = await waitForMachine(home, "web", "the restart", ({ state, restarts }) => {
    return state === "running" && restarts === 1;
  });
  assert.notEqual(only(hypervisors(home)), before);
  only(gvproxies(home));
  await waitFor("the guest's SSH server", async () => {
    assert.match(await banner(sshPortOf(again)), /^SSH-2\.0-/);
    return true;
  }, { timeoutMs: 60_000, intervalMs: 500 });
  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await assertNothingLeft(home);
});

Deno.test("a supervisor that is killed between gvproxy and hypervisor leaves nothing", async () => {
  await using home = await tempHome();
  await configure(home, { front: "" });
  const boot = directBoot(await smallGuest());
  await cocoonOk(home, ["vm", "create", "--name=web", "--network=front", ...boot]);
  const start = spawnCocoon(home, ["vm", "start", "web"]);
  await waitFor("gvproxy", () => gvproxies(home).length === 1, { intervalMs: 1 });
  await kill9(only(supervisors(home)));
  await start.result; // fails, or tells of the machine that another supervisor adopts
  await cocoonOk(home, ["vm", "rm", "--force", "web"]);
  await assertNothingLeft(home);
});

Deno.test("a machine under vfkit on gvproxy is reached by forwards that come and go", async () => {
  await using mac = await vfkitHome({
    architecture: "amd64",
    env: await gvproxyOfMac(),
    config: `[networks.front]\nprovider = "gvproxy"\nprogram = "${GVPROXY}"\n`,
  });
  const boot = directBoot(await smallGuest());
  const [published, live] = [freePort(), freePort()];
  const flags = ["--network=front", "-p", `${published}:22`, ...boot, ...WAIT_SSH];
  await mac.ok(["run", "--name=web", ...flags]);
  assert.match(await mac.ssh("web", "ip -4 addr show"), /inet 192\.168\.127\.3\/24/);
  assert.match(await banner(published), /^SSH-2\.0-/);
  await mac.ok(["vm", "forward", "web", "--add", `${live}:22`]);
  assert.match(await banner(live), /^SSH-2\.0-/);
  await mac.ok(["vm", "forward", "web", "--remove", `${live}:22`]);
  await assert.rejects(banner(live), Deno.errors.ConnectionRefused);
  await kill9(only(mac.vfkits()));
  // Two seconds is the real one's; here it ends with a program around it.
  await waitFor("the end of its helper", () => gvproxies(mac.home).length === 0);
  await mac.ok(["vm", "rm", "--force", "web"]);
  await assertNothingLeft(mac.home);
});
