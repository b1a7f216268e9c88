import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { Host } from "../../plugins/contract.ts";
import { checkHost } from "./check.ts";
import { fakeHost, withTempDir, writeScript } from "./testing/fake_host.ts";

const real = realHost();

Deno.test("checkHost() finds everything for both architectures here", async () => {
  const findings = await checkHost({ ...fakeHost(), which: real.which }, { accelerator: "tcg" });
  assert.deepEqual(findings.map(({ level, subject }) => `${level} ${subject}`), [
    "ok qemu-system-x86_64",
    "ok UEFI firmware for x86_64",
    "ok accelerator for x86_64",
    "ok qemu-system-aarch64",
    "ok UEFI firmware for aarch64",
    "ok accelerator for aarch64",
  ]);
  assert.match(findings[0]?.message ?? "", /^\d+\.\d+\.\d+ at \//);
  assert.match(findings[5]?.message ?? "", /^tcg: /);
});

Deno.test("checkHost() gives the line that installs what is missing", async () => {
  const mac = fakeHost({ os: "darwin", architecture: "aarch64" });
  assert.deepEqual(await checkHost(mac, {}), [{
    level: "error",
    subject: "qemu-system-aarch64",
    message: "qemu: no program for aarch64 guests (qemu-system-aarch64) on PATH",
    fix: "brew install qemu",
  }]);
});

Deno.test("checkHost() warns when it must emulate although nobody asked for that", () =>
  withTempDir(async (directory) => {
    // A QEMU whose every guest dies, and a computer that has only this one.
    const body = 'case "$*" in *--version) echo "QEMU emulator version 7.2.0";; *) exit 1;; esac';
    const path = await writeScript(`${directory}/qemu`, body);
    const host: Host = fakeHost({
      os: "darwin",
      which: (name) => name === "qemu-system-x86_64" ? path : undefined,
    });
    const findings = await checkHost(host, {});
    const accelerator = findings.find(({ subject }) => subject === "accelerator for x86_64");
    assert.equal(accelerator?.level, "warning");
    assert.match(accelerator?.message ?? "", /^tcg: hvf ran no guest: exit status 1$/);
  }));

Deno.test("checkHost() reports an accelerator of another system instead of rejecting", async () => {
  const host = { ...fakeHost({}), which: real.which };
  const levels = (await checkHost(host, { accelerator: "hvf" }))
    .filter(({ level }) => level === "error");
  assert.equal(levels.length, 2);
  assert.match(levels[0]?.message ?? "", /accelerator hvf does not exist on linux/);
  assert.match(levels[0]?.fix ?? "", /"kvm", "tcg" or "auto"/);
});
