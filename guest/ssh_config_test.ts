import assert from "node:assert/strict";
import { includeLine, includes, type NamedTarget, sshConfigText } from "./ssh_config.ts";

function target(home: string, overrides: Partial<NamedTarget> = {}): NamedTarget {
  return {
    name: "web",
    machineId: "0123456789ab",
    host: "127.0.0.1",
    port: 22_001,
    user: "cocoon",
    keyPath: `${home}/ssh/id_ed25519`,
    knownHostsPath: `${home}/ssh/known_hosts`,
    ...overrides,
  };
}

/** What the real ssh makes of the file for a host, by option; it connects nowhere. */
async function asked(text: string, host: string): Promise<Map<string, string>> {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/config`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    const { code, stdout, stderr } = await new Deno.Command("ssh", {
      args: ["-G", "-F", path, host],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return new Map(lines.map((line) => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1)];
    }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const home of ["/home/user/.cocoon", "/home/a user/my 100% home#1", "/h/é'$(x)`y`%h%%"]) {
  Deno.test(`sshConfigText() is understood by ssh when the home is ${home}`, async () => {
    const other = target(home, {
      name: "db",
      machineId: "ba9876543210",
      host: "fd00::2",
      port: 22,
    });
    const text = sshConfigText([target(home), other]);
    const web = await asked(text, "web");
    assert.equal(web.get("hostname"), "127.0.0.1");
    assert.equal(web.get("port"), "22001");
    assert.equal(web.get("user"), "cocoon");
    assert.equal(web.get("hostkeyalias"), "cocoon-0123456789ab");
    assert.equal(web.get("stricthostkeychecking"), "true");
    assert.equal(web.get("identitiesonly"), "yes");
    // ssh prints both before it replaces tokens, of which `%%` is one.
    assert.equal(web.get("identityfile"), `${home}/ssh/id_ed25519`.replaceAll("%", "%%"));
    assert.match(web.get("userknownhostsfile") ?? "", /known_hosts/);
    assert.equal((await asked(text, "db")).get("hostname"), "fd00::2");
    assert.equal((await asked(text, "elsewhere")).get("hostname"), "elsewhere");
  });
}

Deno.test("sshConfigText() refuses a home that ssh cannot be told", () => {
  assert.throws(() => sshConfigText([target('/home/"x"')]), { code: "usage" });
});

Deno.test("sshConfigText() of no machine is a file that says whose it is", () => {
  assert.match(sshConfigText([]), /^# Kept by cocoon.*\n$/);
});

Deno.test("includeLine() is a line that includes() finds", () => {
  for (const path of ["/home/user/.cocoon/ssh/config", "/srv/my machines/ssh/config"]) {
    const line = includeLine(path, "/home/user");
    assert.ok(includes(`Host x\n${line}\n`, path, "/home/user"), line);
  }
  assert.equal(
    includeLine("/home/user/.cocoon/ssh/config", "/home/user"),
    "Include ~/.cocoon/ssh/config",
  );
});

Deno.test("includes() knows the spellings of ssh_config(5), and comments", () => {
  const path = "/home/user/.ssh/cocoon";
  const has = (text: string) => includes(text, path, "/home/user");
  for (const text of ["include cocoon", ' INCLUDE = "~/.ssh/cocoon"', `Include other ${path}`]) {
    assert.ok(has(text), text);
  }
  for (const text of ["", "# Include cocoon", "Include cocoon2", "Host Include cocoon"]) {
    assert.ok(!has(text), text);
  }
});
