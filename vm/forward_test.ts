import assert from "node:assert/strict";
import { openHome } from "../state/home.ts";
import { FileLock } from "../state/locks.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { runFake } from "../tests/support/fake_outside.ts";
import { supervisorLockPath } from "./liveness.ts";

const PUBLISHED = {
  protocol: "tcp" as const,
  hostAddress: "127.0.0.1",
  hostPort: 8080,
  guestPort: 80,
};

Deno.test("cocoon vm forward lists what is open, and says why it cannot open a port", async () => {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    const on = exampleRecord({ id: "on0000000000", name: "on", state: "running" });
    store.machines.insert({
      ...on,
      machine: {
        ...on.machine,
        nics: [{ index: 0, network: "nat", mac: "52:54:00:00:00:01", forwards: [PUBLISHED] }],
      },
      launch: { backend: {}, networks: [{ provider: "nat", settings: {} }], plugins: [] },
      nicStates: [{ sshPort: 22_000 }],
    });
    store.machines.insert(exampleRecord({ id: "off000000000", name: "off" }));
    await Deno.mkdir(home.runDir("on0000000000"));
    // Else it is found dead, and cleaned up after.
    using _supervisor = FileLock.tryTake(supervisorLockPath(home, "on0000000000"));
    const list = async (name: string) => {
      const env = { COCOON_HOME: home.root, HOME: home.root };
      const { stdout } = await runFake(["vm", "forward", name, "-o", "json"], { env });
      return JSON.parse(stdout);
    };
    const forward = async (...argv: string[]) => {
      const env = { COCOON_HOME: home.root, HOME: home.root, NO_COLOR: "1" };
      const { code, stderr } = await runFake(["vm", "forward", ...argv], { env });
      return `${code} ${stderr}`;
    };
    assert.match(await forward("on", "--add", "80"), /^2 .*expected \[ADDRESS:\]PORT:GUESTPORT/);
    assert.match(await forward("on", "--add", "8080:80"), /^2 .*no network of it forwards ports/);
    assert.deepEqual(await list("on"), [{ network: "nat", ...PUBLISHED }]);
    assert.deepEqual(await list("off"), []);
    assert.match(await forward("off", "--remove", "8080:80"), /^4 .*"off" is created, not running/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
