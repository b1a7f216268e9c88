import assert from "node:assert/strict";
import { parseVersion, requireHelper, requireSudo } from "./program.ts";
import { vmnetSettings } from "./settings.ts";
import { type PlayedMac, playedMac, PROGRAM } from "./testing.ts";

const settings = (table = {}) => vmnetSettings.read({ program: PROGRAM, ...table });
const asRoot = async (mac: PlayedMac, table = {}, isRoot = false) =>
  (await requireHelper(playedMac(mac), settings(table), isRoot)).asRoot;

Deno.test("parseVersion() reads the lines of old and new helpers", () => {
  assert.deepEqual(parseVersion("version: v0.13.0\ncommit: 255cb10\n"), [0, 13, 0]);
  assert.deepEqual(parseVersion("v0.6.0\n"), [0, 6, 0]);
  assert.equal(parseVersion("deno 2.9.6\n"), undefined);
});

Deno.test("requireHelper() asks for root only where macOS or the helper is old", async () => {
  assert.equal(await asRoot({ macos: "26.0", version: "0.9.0" }), false);
  assert.equal(await asRoot({ macos: "15.6.1", version: "0.13.0" }), true);
  assert.equal(await asRoot({ macos: "26.2", version: "0.8.9" }), true);
  assert.equal(await asRoot({ macos: "15.6.1" }, {}, true), false, "it is root");
  assert.equal(await asRoot({ macos: "15.6.1" }, { sudo: "never" }), false);
  assert.equal(await asRoot({ macos: "26.2" }, { sudo: "always" }), true);
});

Deno.test("requireHelper() takes nothing as root that a user can change", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const brew = `${folder}/vmnet-helper`;
    await Deno.writeTextFile(brew, "");
    await Deno.chmod(brew, 0o777);
    const mac = playedMac({
      macos: "15.6",
      helpers: { "vmnet-helper": brew, "/opt/vmnet-helper/bin/vmnet-helper": PROGRAM },
    });
    const found = await requireHelper(mac, vmnetSettings.read({}), false);
    assert.equal(found.path, await Deno.realPath(PROGRAM), "the other one is root's");
    const only = playedMac({ macos: "15.6", helpers: { "vmnet-helper": brew } });
    await assert.rejects(requireHelper(only, vmnetSettings.read({}), false), {
      code: "host-lacks",
      message: /must be started as root here, and .*vmnet-helper can be changed by others/,
      hint: /install\.sh/,
    });
    const modern = playedMac({ helpers: { "vmnet-helper": brew } });
    assert.equal((await requireHelper(modern, vmnetSettings.read({}), false)).path, brew);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("requireHelper() says how to get one that fits", async () => {
  const lacks = (mac: PlayedMac, message: RegExp, hint: RegExp, table = {}) =>
    assert.rejects(requireHelper(playedMac(mac), vmnetSettings.read(table), false), {
      code: "host-lacks",
      message,
      hint,
    });
  await lacks(
    { macos: "26.0" },
    /program not found$/,
    /^brew tap .* && brew install vmnet-helper$/,
  );
  await lacks({ macos: "15.0" }, /program not found$/, /install\.sh/);
  await lacks({}, /\/nowhere\/x is not a program/, /Correct `program`/, { program: "/nowhere/x" });
  await lacks({ version: "nonsense" }, /--version failed: commit: abc$/, /Install it anew/, {
    program: PROGRAM,
  });
  const isolated = { program: PROGRAM, isolation: true };
  await lacks({ version: "0.11.0" }, /needs 0\.12\.0 or newer/, /brew/, isolated);
  assert.equal(await asRoot({ version: "0.11.0" }, { ...isolated, mode: "host" }), false);
  const linux = { ...playedMac(), os: "linux" as const, which: () => undefined };
  await assert.rejects(requireHelper(linux, vmnetSettings.read({}), false), {
    message: /exists for macOS only/,
  });
});

Deno.test("requireSudo() probes without a question, and names the rule that is missing", async () => {
  const mac = playedMac();
  const helper = { path: PROGRAM, version: [0, 13, 0] as [number, number, number], asRoot: true };
  assert.equal(await requireSudo(mac, helper), "/usr/bin/sudo");
  assert.deepEqual(mac.ran, [`/usr/bin/sudo --non-interactive ${PROGRAM} --version`]);
  await assert.rejects(requireSudo(playedMac({ sudoAsks: true }), helper), {
    code: "host-lacks",
    message: /does not start \/bin\/sh without asking/,
    hint: /'%staff ALL = \(root\) NOPASSWD: \/bin\/sh'/,
  });
});
