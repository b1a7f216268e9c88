import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { Host, RunResult } from "../../plugins/contract.ts";
import { checkHost } from "./check.ts";
import { parseEntitlements } from "../entitlements.ts";
import { parseMacosVersion } from "../../host/macos_version.ts";
import { lackingFeatures } from "./macos.ts";
import { probeMachine, readProbe } from "./probe.ts";
import { requireProgram } from "./program.ts";
import { vfkitSettings } from "./settings.ts";
import { machine } from "./testing/requests.ts";
import { parseVersion } from "./version.ts";

const VFKIT = "/opt/homebrew/bin/vfkit";

const TREE = `[Dict]
	[Key] com.apple.security.network.client
	[Value]
		[Bool] true
	[Key] com.apple.security.virtualization
	[Value]
		[Bool] true
	[Key] com.apple.security.get-task-allow
	[Value]
		[Bool] false
`;
const PLIST =
  `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
 "https://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0"><dict>
<key>com.apple.security.virtualization</key><true/>
<key>com.apple.security.get-task-allow</key>
<false/></dict></plist>`;

/** A Mac on which everything is in order; `outputs` replace what programs print. */
function mac(outputs: Record<string, Partial<RunResult>> = {}, parts: Partial<Host> = {}): Host {
  const all: Record<string, Partial<RunResult>> = {
    [`${VFKIT} --version`]: { stdout: "vfkit version: v0.6.4\n" },
    "sw_vers -productVersion": { stdout: "15.3.1\n" },
    "security show-keychain-info": { stderr: 'Keychain "<NULL>" no-timeout\n' },
    [`codesign -d --entitlements - ${VFKIT}`]: { stdout: TREE, stderr: `Executable=${VFKIT}\n` },
    ...outputs,
  };
  return {
    ...realHost(),
    os: "darwin",
    architecture: "aarch64",
    env: () => undefined,
    which: (program) => program === "vfkit" ? VFKIT : undefined,
    exists: () => false,
    run: (argv) => {
      const found = all[argv.join(" ")];
      assert.ok(found, `unexpected: ${argv.join(" ")}`);
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...found });
    },
    ...parts,
  };
}

Deno.test("parseVersion() reads what vfkit prints, in all its forms", () => {
  assert.deepEqual(parseVersion("vfkit version: v0.6.4\n"), [0, 6, 4]);
  assert.deepEqual(parseVersion("vfkit version: v0.6.4-12-gb2bc27e\n"), [0, 6, 4]);
  assert.deepEqual(parseVersion("vfkit version: 1.12.0"), [1, 12, 0]);
  assert.equal(parseVersion("krunkit 1.2.1"), undefined);
  assert.equal(parseVersion("vfkit version: unknown"), undefined);
});

Deno.test("parseEntitlements() reads both forms of codesign's output, and only what is true", () => {
  const virtualization = "com.apple.security.virtualization";
  assert.deepEqual(parseEntitlements(TREE), ["com.apple.security.network.client", virtualization]);
  assert.deepEqual(parseEntitlements(PLIST), [virtualization]);
  assert.deepEqual(parseEntitlements(`\xfa\xde\x71\x71${PLIST}`), [virtualization]);
  assert.deepEqual(parseEntitlements(`Executable=${VFKIT}\n`), []);
});

Deno.test("parseMacosVersion() and lackingFeatures() know which macOS has what", () => {
  assert.deepEqual(parseMacosVersion("15.3.1\n"), [15, 3]);
  assert.deepEqual(parseMacosVersion("26.0\n"), [26, 0]);
  assert.deepEqual(parseMacosVersion("14"), [14, 0]);
  assert.equal(parseMacosVersion("macOS"), undefined);
  assert.equal(parseMacosVersion(""), undefined);
  const lacking = (major: number, minor = 0) => lackingFeatures([major, minor]).length;
  assert.deepEqual([12, 13, 14, 15, 26].map((major) => lacking(major)), [4, 2, 1, 0, 0]);
});

Deno.test("check() finds nothing amiss on a Mac that is in order", async () => {
  const findings = await checkHost(mac(), {});
  assert.deepEqual(findings.map(({ level }) => level), ["ok", "ok", "ok", "ok"]);
  assert.deepEqual(findings.map(({ subject }) => subject), [
    "vfkit",
    "macOS",
    "login keychain",
    "vfkit's signature",
  ]);
});

Deno.test("check() says what is amiss, each with the line that mends it", async () => {
  const outputs = {
    [`${VFKIT} --version`]: { stdout: "vfkit version: v0.6.1\n" },
    "sw_vers -productVersion": { stdout: "13.7\n" },
    "security show-keychain-info": { code: 36, stderr: "User interaction is not allowed.\n" },
    [`codesign -d --entitlements - ${VFKIT}`]: { stderr: `Executable=${VFKIT}\n` },
  };
  const findings = await checkHost(mac(outputs), {});
  assert.deepEqual(findings.map(({ level }) => level), ["warning", "warning", "warning", "error"]);
  assert.ok(findings.every(({ fix }) => fix));
  assert.match(findings[1]?.message ?? "", /NVMe disks, disks by NBD \(macOS 14\)/);
  const old = await checkHost(mac({ "sw_vers -productVersion": { stdout: "12.6" } }), {});
  assert.equal(old[1]?.level, "error");
  const unsigned = { code: 1, stderr: "code object is not signed at all\n" };
  const signature = `codesign -d --entitlements - ${VFKIT}`;
  assert.equal((await checkHost(mac({ [signature]: unsigned }), {})).at(-1)?.level, "error");
});

Deno.test("check() goes on when a program of macOS does not run", async () => {
  const host = mac();
  const run: Host["run"] = (argv) =>
    argv[0] === "sw_vers" ? Promise.reject(new Error("no sw_vers")) : host.run(argv);
  const findings = await checkHost({ ...host, run }, {});
  assert.deepEqual(findings.map(({ level }) => level), ["ok", "warning", "ok", "ok"]);
  assert.equal(findings[1]?.message, "no sw_vers");
});

Deno.test("check() asks programs of macOS on macOS only", async () => {
  const linux = mac({}, { os: "linux" });
  assert.deepEqual((await checkHost(linux, {})).map(({ subject }) => subject), ["vfkit"]);
});

Deno.test("requireProgram() says what is missing or too old, and what to do", async () => {
  const settings = vfkitSettings.read({});
  const without = { which: () => undefined };
  await assert.rejects(requireProgram(mac({}, without), settings), {
    code: "host-lacks",
    hint: "brew install vfkit",
  });
  await assert.rejects(requireProgram(mac({}, { ...without, os: "linux" }), settings), {
    code: "host-lacks",
    message: /exists for macOS only$/,
  });
  const chosen = vfkitSettings.read({ program: "/x/vfkit" });
  await assert.rejects(requireProgram(mac({}, without), chosen), {
    message: "vfkit: /x/vfkit is not a program that can be executed",
  });
  const version = `${VFKIT} --version`;
  await assert.rejects(
    requireProgram(mac({ [version]: { stdout: "vfkit version: v0.5.1\n" } }), settings),
    { code: "host-lacks", message: /is version 0\.5\.1, needed is 0\.6\.0/ },
  );
  await assert.rejects(
    requireProgram(mac({ [version]: { code: 137, stderr: "killed\n" } }), settings),
    { code: "host-lacks", message: /--version failed: killed$/, hint: /brew reinstall vfkit/ },
  );
});

Deno.test("probe() finds the program and whether the variable store is there", async () => {
  const store = "/d/vms/0123456789ab/efi-variables.fd";
  const found = await probeMachine(mac(), machine(), {});
  assert.deepEqual(found, { program: VFKIT, version: [0, 6, 4], storeExists: false });
  const later = await probeMachine(mac({}, { exists: (path) => path === store }), machine(), {});
  assert.equal(later["storeExists"], true);
  assert.equal(readProbe(JSON.parse(JSON.stringify(later))).storeExists, true);
  assert.throws(() => readProbe({ program: VFKIT }), TypeError);
});
