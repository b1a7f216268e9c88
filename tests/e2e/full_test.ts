/** The whole way with a real distribution: what a user does on the first day. */
import assert from "node:assert/strict";
import { fullGuest } from "../guests/cache.ts";
import { cocoonArgv, cocoonEnv, cocoonOk, spawnCocoon } from "../support/cocoon.ts";
import { assertNothingLeft, inspect, ssh, sshPortOf } from "../support/machines.ts";
import { giveOwnSshPorts, isPortFree } from "../support/ports.ts";
import { openTerminal, type Terminal } from "../support/pty.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";
import { waitFor } from "../support/wait_for.ts";

/** A cloud image needs half a minute under emulation, several on a busy computer. */
const BOOT = { timeoutMs: 600_000 };
const WAIT = ["--wait", "ssh", "--timeout", "9m"];

const USER_DATA = `#cloud-config
write_files:
  - path: /etc/greeting
    content: hello from user-data
runcmd:
  - echo ran >>/var/lib/runs
`;

async function attach(home: TempHome): Promise<Terminal> {
  const terminal = await openTerminal(cocoonArgv(["vm", "console", "web"]), {
    env: cocoonEnv(home),
  });
  await terminal.see("Connected to web.");
  return terminal;
}

Deno.test("a cloud image: run, ssh, console, logs, stop, start, rm", async () => {
  await using home = await tempHome();
  await giveOwnSshPorts(home);
  const { qcow2Path } = await fullGuest();
  const userData = `${home.path}/config.toml.user-data`;
  await Deno.writeTextFile(userData, USER_DATA);
  await cocoonOk(home, [
    ...["run", "--name", "web", "--memory", "768M", "--cpus", "2", "--disk", "3G"],
    ...["--password", "open sesame", "--user-data", userData, ...WAIT, qcow2Path],
  ], BOOT);
  await Deno.remove(userData);
  const first = await inspect(home, "web");

  // cloud-init has done what it was told, ours and the user's, and grown the file system.
  // Its last steps restart the SSH server, for the password: a login may meet just that moment.
  const status = await waitFor("the end of cloud-init", () => {
    return ssh(home, "web", "cloud-init status --wait", BOOT);
  }, { timeoutMs: BOOT.timeoutMs });
  assert.match(status, /status: done/);
  const look = "hostname; cat /etc/greeting; echo; cat /var/lib/runs; sudo id -un";
  assert.equal(await ssh(home, "web", look), "web\nhello from user-data\nran\nroot\n");
  assert.match(await ssh(home, "web", "uname -a"), /^Linux web /);
  const sizeMib = Number(await ssh(home, "web", "df --output=size -BM / | tail -1 | tr -dc 0-9"));
  assert.ok(sizeMib > 2300, `the root file system has ${sizeMib} MiB`);

  {
    await using one = await attach(home);
    await using other = await attach(home);
    // Scrollback has the prompt; this one is new.
    const from = one.output().length;
    await one.type("\r");
    await one.see("web login:", { from });
    await one.type("cocoon\r");
    await one.see("Password:");
    await one.type("open sesame\r");
    await one.see("cocoon@web:");
    await one.type("echo typed-$((6*7))\r");
    await one.see("typed-42");
    await other.see("typed-42");
    await one.type("\x1d.");
    assert.equal(await one.exit, 0);
    await other.type("echo still-$((6*7))\r");
    await other.see("still-42");
    await other.type("\x1d.");
    assert.equal(await other.exit, 0);
    await using again = await attach(home);
    await again.see("still-42");
    assert.ok(again.output().includes("typed-42"));
    await again.type("\x1d.");
    assert.equal(await again.exit, 0);
  }

  const following = spawnCocoon(home, ["vm", "logs", "-f", "web"], BOOT);
  try {
    const stopped = await cocoonOk(home, ["vm", "stop", "--timeout", "3m", "web"], BOOT);
    assert.equal(stopped.stderr, "", "the guest was not ended by force");
    await waitFor("the guest's last words", () => {
      return following.output().stdout.includes("reboot: Power down");
    });
  } finally {
    following.kill("SIGINT");
  }
  assert.equal((await following.result).code, 0);

  await cocoonOk(home, ["vm", "start", "web", ...WAIT], BOOT);
  const second = await inspect(home, "web");
  assert.equal(sshPortOf(second), sshPortOf(first));
  assert.equal(second.hostKey, first.hostKey);
  assert.deepEqual(second.nics, first.nics);
  // The same instance: nothing of it is done twice.
  assert.equal(await ssh(home, "web", "cat /var/lib/runs"), "ran\n");
  assert.match(
    await ssh(home, "web", "sudo cat /etc/ssh/ssh_host_ed25519_key.pub"),
    new RegExp(
      first.hostKey.split(" ")[1]?.replaceAll("+", "\\+") ?? "no key",
    ),
  );

  await cocoonOk(home, ["rm", "--force", "web"]);
  await assertNothingLeft(home);
  assert.ok(isPortFree(sshPortOf(first)));
});
