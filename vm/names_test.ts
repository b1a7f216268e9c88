import assert from "node:assert/strict";
import { realHost } from "../host/host.ts";
import { openHome } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { runFake } from "../tests/support/fake_outside.ts";
import type { VmContext } from "./context.ts";
import { supervisorLockPath } from "./liveness.ts";
import { refreshNames } from "./names.ts";

/** A provider whose machines have the address that their state says. */
const LAN = `export default {
  kind: "network", name: "lan", summary: "a test's", forwardsPorts: false,
  settingsSchema: { keys: {}, parse: () => ({ settings: {} }) },
  attachmentKinds: () => ["user"], check: async () => [],
  attach: async () => undefined, detach: async () => {},
  address: async (_host, _nic, { ip }) => ip ? { ip, ssh: { host: ip, port: 22 } } : undefined,
};`;

async function withContext(body: (context: VmContext) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    await Deno.writeTextFile(`${root}/lan.js`, LAN);
    const home = openHome(root);
    using store = openStore(home);
    await body({ host: realHost(), home, store, self: ["cocoon"] });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** A machine that runs, as far as its record goes. */
function running(context: VmContext, name: string, ip: string | null) {
  const record = exampleRecord({ id: name.padEnd(12, "0"), name, state: "running" });
  const path = `${context.home.root}/lan.js`;
  return {
    ...record,
    machine: {
      ...record.machine,
      nics: [{ index: 0, network: "lan", mac: "52:54:00:00:00:01", forwards: [] }],
    },
    launch: {
      backend: {},
      networks: [{ provider: "lan", settings: {} }],
      plugins: [{ name: "lan", kind: "network" as const, path }],
    },
    nicStates: [{ ip }],
  };
}

const hosts = (text: string) => [...text.matchAll(/^Host (.*)$/gm)].map(([, name]) => name);

Deno.test("refreshNames() keeps a file of the machines that run and are reached", () =>
  withContext(async (context) => {
    const { home, store } = context;
    store.machines.insert(running(context, "web", "192.0.2.7"));
    store.machines.insert(running(context, "mute", null));
    store.machines.insert(exampleRecord({ id: "off000000000", name: "off" }));
    await refreshNames(context);
    const text = await Deno.readTextFile(home.sshConfigPath);
    assert.deepEqual(hosts(text), ["web"]);
    assert.match(text, /^ {2}HostName 192\.0\.2\.7$/m);
    assert.equal(((await Deno.stat(home.sshConfigPath)).mode ?? 0) & 0o777, 0o600);
    assert.equal(
      await Deno.readTextFile(home.sshKnownHostsPath),
      "cocoon-web000000000 ssh-ed25519 AAAA\n",
    );
    const { ino } = await Deno.stat(home.sshConfigPath);
    await refreshNames(context);
    assert.equal((await Deno.stat(home.sshConfigPath)).ino, ino, "written without need");
    store.machines.update("web000000000", (now) => ({ ...now, state: "stopped" }));
    await refreshNames(context);
    assert.deepEqual(hosts(await Deno.readTextFile(home.sshConfigPath)), []);
  }));

Deno.test("refreshNames() waits for another writer, and has what came meanwhile", () =>
  withContext(async (context) => {
    const { home, store } = context;
    const lock = FileLock.tryTake(home.sshConfigLockPath);
    const refreshed = refreshNames(context);
    store.machines.insert(running(context, "late", "192.0.2.8"));
    lock?.release();
    await refreshed;
    assert.deepEqual(hosts(await Deno.readTextFile(home.sshConfigPath)), ["late"]);
  }));

Deno.test("refreshNames() fails nobody when the file cannot be written", () =>
  withContext(async (context) => {
    const { home } = context;
    await Deno.mkdir(home.sshConfigPath); // something else is in its place
    const errors: unknown[] = [];
    const { error } = console;
    console.error = (...words) => void errors.push(words.join(" "));
    try {
      await refreshNames(context);
    } finally {
      console.error = error;
    }
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]), /ssh\/config: /);
  }));

Deno.test("cocoon hosts prints the machines that have an address of their own", () =>
  withContext(async (context) => {
    const { home, store } = context;
    store.machines.insert(running(context, "web", "192.0.2.7"));
    store.machines.insert(running(context, "mute", null));
    store.machines.insert(exampleRecord({ id: "off000000000", name: "off" }));
    // Else they are found dead, and cleaned up after.
    const locks = ["web000000000", "mute00000000"].map((id) => {
      Deno.mkdirSync(home.runDir(id));
      return FileLock.tryTake(supervisorLockPath(home, id));
    });
    const env = { COCOON_HOME: home.root, HOME: home.root };
    assert.deepEqual(await runFake(["hosts"], { env, terminals: { stderr: true } }), {
      code: 0,
      stdout: "192.0.2.7\tweb\n",
      stderr: "1 running without an address of its own: cocoon vm list\n",
    });
    const { stdout } = await runFake(["hosts", "--output", "json"], { env });
    assert.deepEqual(JSON.parse(stdout), [
      { address: "192.0.2.7", name: "web", id: "web000000000" },
    ]);
    for (const lock of locks) lock?.release();
  }));

Deno.test("cocoon doctor offers the line for ~/.ssh/config until it is there, and writes nothing", () =>
  withContext(async ({ home }) => {
    const env = { COCOON_HOME: `${home.root}/.cocoon`, HOME: home.root };
    const finding = async () => {
      const { stdout } = await runFake(["doctor", "-o", "json"], { env });
      const findings: { subject: string; fix?: string }[] = JSON.parse(stdout);
      return findings.find(({ subject }) => subject === "ssh NAME");
    };
    assert.match((await finding())?.fix ?? "", /: Include ~\/\.cocoon\/ssh\/config$/);
    await assert.rejects(Deno.stat(`${home.root}/.ssh`), Deno.errors.NotFound);
    await Deno.mkdir(`${home.root}/.ssh`);
    await Deno.writeTextFile(`${home.root}/.ssh/config`, "Include ~/.cocoon/ssh/config\n");
    assert.equal((await finding())?.fix, undefined);
  }));
