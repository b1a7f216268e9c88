import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import { probeMachine, requireVsock } from "./probe.ts";
import { readProbe } from "./probe_result.ts";
import { fakeHost, withTempDir } from "./testing/fake_host.ts";
import { DEBIAN_PROBE, machine } from "./testing/requests.ts";

const TCG = { accelerator: "tcg" };

Deno.test("probeMachine() finds this computer's QEMU and firmware, and the plan can read it", async () => {
  const probe = await probeMachine(realHost(), machine(), TCG);
  const read = readProbe(JSON.parse(JSON.stringify(probe)));
  assert.match(read.program, /qemu-system-x86_64$/);
  assert.equal(read.accelerator, "tcg");
  assert.ok(read.firmware && Deno.statSync(read.firmware.code).isFile);
  assert.deepEqual({ ...read, firmware: { ...read.firmware } }, probe);
});

Deno.test("probeMachine() looks for firmware only where the machine needs it", async () => {
  const boot = { kind: "linux" as const, kernelPath: "/k", commandLine: "" };
  const settings = { ...TCG, firmware_code: "/nowhere/c", firmware_vars: "/nowhere/v" };
  const probe = await probeMachine(realHost(), machine({ boot }), settings);
  assert.equal(probe.firmware, undefined);
  await assert.rejects(
    probeMachine(realHost(), machine(), settings),
    (error: unknown) => error instanceof CocoonError && error.code === "host-lacks",
  );
});

Deno.test("probeMachine() says what a computer without QEMU lacks", async () => {
  await assert.rejects(
    probeMachine(fakeHost(), machine({ architecture: "aarch64" }), {}),
    (error: unknown) =>
      error instanceof CocoonError && error.code === "host-lacks" &&
      /qemu-system-aarch64/.test(error.message) && error.hint !== undefined,
  );
});

Deno.test("requireVsock() tells a missing module from a missing permission", () =>
  withTempDir(async (directory) => {
    const hintFor = (path: string) => {
      try {
        requireVsock(path);
      } catch (error) {
        assert.ok(error instanceof CocoonError);
        assert.equal(error.code, "host-lacks");
        return error.hint ?? "";
      }
      return "usable";
    };
    assert.match(hintFor(`${directory}/none`), /modprobe vhost_vsock/);
    assert.match(hintFor(directory), /usermod/);
    await Deno.writeTextFile(`${directory}/device`, "");
    assert.equal(hintFor(`${directory}/device`), "usable");
  }));

Deno.test("readProbe() throws for what is no probe", () => {
  assert.throws(() => readProbe({}), TypeError);
  assert.throws(() => readProbe({ ...DEBIAN_PROBE, accelerator: "auto" }), TypeError);
  assert.throws(() => readProbe({ ...DEBIAN_PROBE, version: "7.2" }), TypeError);
  const unreadable = readProbe({ ...DEBIAN_PROBE, firmware: { code: "/c", vars: 1 } });
  assert.equal(unreadable.firmware, undefined);
});
