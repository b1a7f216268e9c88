import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { Host, RunResult } from "../../plugins/contract.ts";
import { checkHost } from "./check.ts";
import { probeMachine, readProbe } from "./probe.ts";
import { requireProgram } from "./program.ts";
import { krunkitSettings } from "./settings.ts";
import { machine } from "./testing/requests.ts";
import { parseVersion } from "./version.ts";

const KRUNKIT = "/opt/homebrew/bin/krunkit";
const SIGNATURE = `codesign -d --entitlements - ${KRUNKIT}`;
const ENTITLED = "[Dict]\n\t[Key] com.apple.security.hypervisor\n\t[Value]\n\t\t[Bool] true\n";

/** A Mac on which everything is in order; `outputs` replace what programs print. */
function mac(outputs: Record<string, Partial<RunResult>> = {}, parts: Partial<Host> = {}): Host {
  const all: Record<string, Partial<RunResult>> = {
    [`${KRUNKIT} --version`]: { stdout: "krunkit 1.2.1\n" },
    "sw_vers -productVersion": { stdout: "15.3.1\n" },
    [SIGNATURE]: { stdout: ENTITLED },
    ...outputs,
  };
  return {
    ...realHost(),
    os: "darwin",
    architecture: "aarch64",
    env: () => undefined,
    which: (program) => program === "krunkit" ? KRUNKIT : undefined,
    exists: () => false,
    run: (argv) => {
      const found = all[argv.join(" ")];
      assert.ok(found, `unexpected: ${argv.join(" ")}`);
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...found });
    },
    ...parts,
  };
}

Deno.test("parseVersion() reads what krunkit prints, and nothing of vfkit's", () => {
  assert.deepEqual(parseVersion("krunkit 1.2.1\n"), [1, 2, 1]);
  assert.deepEqual(parseVersion("krunkit 1.10.0-rc1"), [1, 10, 0]);
  assert.equal(parseVersion("vfkit version: v0.6.4\n"), undefined);
});

Deno.test("check() finds nothing amiss on a Mac that is in order", async () => {
  const findings = await checkHost(mac(), {});
  assert.deepEqual(findings.map(({ level, subject }) => [level, subject]), [
    ["ok", "krunkit"],
    ["ok", "processor"],
    ["ok", "macOS"],
    ["ok", "krunkit's signature"],
  ]);
});

Deno.test("check() says what is amiss, each with the line that mends it", async () => {
  const findings = await checkHost(
    mac({
      [`${KRUNKIT} --version`]: { stdout: "krunkit 1.0.0\n" },
      "sw_vers -productVersion": { stdout: "13.7\n" },
      [SIGNATURE]: { stderr: `Executable=${KRUNKIT}\n` },
    }, { architecture: "x86_64" }),
    {},
  );
  assert.deepEqual(findings.map(({ level }) => level), ["warning", "error", "error", "error"]);
  assert.ok(findings.every(({ fix }) => fix));
  assert.match(findings[0]?.message ?? "", /at most 8 CPUs/);
  assert.match(findings[2]?.message ?? "", /needs macOS 14/);
});

Deno.test("check() goes on when a program of macOS does not run, and asks none elsewhere", async () => {
  const host = mac();
  const run: Host["run"] = (argv) =>
    argv[0] === "sw_vers" ? Promise.reject(new Error("no sw_vers")) : host.run(argv);
  const findings = await checkHost({ ...host, run }, {});
  assert.deepEqual(findings.map(({ level }) => level), ["ok", "ok", "warning", "ok"]);
  const linux = await checkHost(mac({}, { os: "linux" }), {});
  assert.deepEqual(linux.map(({ subject }) => subject), ["krunkit"]);
});

Deno.test("requireProgram() says what is missing or too old, and what to do", async () => {
  const settings = krunkitSettings.read({});
  const without = { which: () => undefined };
  await assert.rejects(requireProgram(mac({}, without), settings), {
    code: "host-lacks",
    hint: "brew install krunkit",
  });
  await assert.rejects(requireProgram(mac({}, { ...without, os: "linux" }), settings), {
    code: "host-lacks",
    message: /exists for macOS only$/,
  });
  const chosen = krunkitSettings.read({ program: "/x/krunkit" });
  await assert.rejects(requireProgram(mac({}, without), chosen), {
    message: "krunkit: /x/krunkit is not a program that can be executed",
  });
  const version = `${KRUNKIT} --version`;
  await assert.rejects(
    requireProgram(mac({ [version]: { stdout: "krunkit 0.2.2\n" } }), settings),
    { code: "host-lacks", message: /is version 0\.2\.2, needed is 1\.0\.0/ },
  );
  await assert.rejects(
    requireProgram(mac({ [version]: { code: 137, stderr: "killed\n" } }), settings),
    { code: "host-lacks", message: /--version failed: killed$/, hint: /brew reinstall krunkit/ },
  );
});

Deno.test("probe() finds the program, as the plan reads it", async () => {
  const found = await probeMachine(mac(), machine(), {});
  assert.deepEqual(found, { program: KRUNKIT, version: [1, 2, 1] });
  const read = readProbe(JSON.parse(JSON.stringify(found)));
  assert.deepEqual(read, { path: KRUNKIT, version: [1, 2, 1] });
  assert.throws(() => readProbe({ program: KRUNKIT }), TypeError);
});
