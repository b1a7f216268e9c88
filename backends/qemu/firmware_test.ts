import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { dirname } from "../../host/path.ts";
import type { Architecture } from "../../plugins/contract.ts";
import { findFirmware, type FirmwareWish } from "./firmware.ts";
import { flashShape } from "./flash.ts";
import { readSettings } from "./settings.ts";
import { fakeHost, withTempDir } from "./testing/fake_host.ts";

/** Makes a file of the length, or a qcow2 header that promises it. */
function make(path: string, sizeBytes: number): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  if (!path.endsWith(".qcow2")) return Deno.writeFileSync(path, new Uint8Array(sizeBytes));
  const header = new Uint8Array(104);
  new DataView(header.buffer).setUint32(0, 0x514649fb);
  new DataView(header.buffer).setBigUint64(24, BigInt(sizeBytes));
  Deno.writeFileSync(path, header);
}

function wish(root: string, parts: Partial<FirmwareWish> = {}): FirmwareWish {
  return {
    host: fakeHost(),
    architecture: "x86_64",
    settings: readSettings({}),
    program: "/usr/bin/qemu-system-x86_64",
    root,
    ...parts,
  };
}

Deno.test("findFirmware() finds what distributions and Homebrew install", async (t) => {
  const places: [string, "linux" | "darwin", Architecture, string, string, string][] = [
    ["Debian", "linux", "x86_64", "/usr/share/OVMF", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"],
    [
      "Fedora",
      "linux",
      "x86_64",
      "/usr/share/edk2/ovmf",
      "OVMF_CODE_4M.qcow2",
      "OVMF_VARS_4M.qcow2",
    ],
    ["Arch", "linux", "x86_64", "/usr/share/edk2/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"],
    [
      "openSUSE",
      "linux",
      "x86_64",
      "/usr/share/qemu",
      "ovmf-x86_64-4m-code.bin",
      "ovmf-x86_64-4m-vars.bin",
    ],
    [
      "built from source",
      "linux",
      "x86_64",
      "/srv/q/share/qemu",
      "edk2-x86_64-code.fd",
      "edk2-i386-vars.fd",
    ],
    ["Debian", "linux", "aarch64", "/usr/share/AAVMF", "AAVMF_CODE.fd", "AAVMF_VARS.fd"],
    [
      "Fedora",
      "linux",
      "aarch64",
      "/usr/share/edk2/aarch64",
      "QEMU_EFI-silent-pflash.qcow2",
      "vars-template-pflash.qcow2",
    ],
    ["Arch", "linux", "aarch64", "/usr/share/edk2/aarch64", "QEMU_CODE.fd", "QEMU_VARS.fd"],
    [
      "openSUSE",
      "linux",
      "aarch64",
      "/usr/share/qemu",
      "aavmf-aarch64-code.bin",
      "aavmf-aarch64-vars.bin",
    ],
    [
      "Apple silicon",
      "darwin",
      "aarch64",
      "/opt/homebrew/share/qemu",
      "edk2-aarch64-code.fd",
      "edk2-arm-vars.fd",
    ],
    [
      "Intel Mac",
      "darwin",
      "x86_64",
      "/usr/local/share/qemu",
      "edk2-x86_64-code.fd",
      "edk2-i386-vars.fd",
    ],
  ];
  for (const [name, os, architecture, directory, code, vars] of places) {
    await t.step(`${name}, ${architecture}`, () =>
      withTempDir((root) => {
        make(`${root}${directory}/${code}`, 300);
        make(`${root}${directory}/${vars}`, 100);
        const program = "/srv/q/bin/qemu";
        const format = code.endsWith("qcow2") ? "qcow2" : "raw";
        assert.deepEqual(
          findFirmware(wish(root, { host: fakeHost({ os }), architecture, program })),
          {
            code: `${root}${directory}/${code}`,
            vars: `${root}${directory}/${vars}`,
            codeFormat: format,
            varsFormat: format,
          },
        );
      }));
  }
});

Deno.test("findFirmware() prefers 4 MiB firmware and skips a half pair", () =>
  withTempDir((root) => {
    const directory = `${root}/usr/share/OVMF`;
    for (const name of ["OVMF_CODE.fd", "OVMF_VARS.fd", "OVMF_CODE_4M.fd"]) {
      make(`${directory}/${name}`, 200);
    }
    assert.equal(findFirmware(wish(root)).code, `${directory}/OVMF_CODE.fd`);
    make(`${directory}/OVMF_VARS_4M.fd`, 400);
    assert.equal(findFirmware(wish(root)).code, `${directory}/OVMF_CODE_4M.fd`);
  }));

Deno.test("findFirmware() stays with the firmware that a machine's store was made from", () =>
  withTempDir((root) => {
    const directory = `${root}/usr/share/OVMF`;
    make(`${directory}/OVMF_CODE.fd`, 200);
    make(`${directory}/OVMF_VARS.fd`, 100);
    make(`${directory}/OVMF_CODE_4M.fd`, 400);
    make(`${directory}/OVMF_VARS_4M.fd`, 500);
    make(`${root}/old-machine.fd`, 100);
    make(`${root}/fedora-machine.qcow2`, 500);
    const found = (name: string) =>
      findFirmware(wish(root, { storePath: `${root}/${name}` })).vars.slice(directory.length + 1);
    assert.equal(found("old-machine.fd"), "OVMF_VARS.fd");
    assert.equal(found("not-made-yet.fd"), "OVMF_VARS_4M.fd");
    assert.throws(() => found("fedora-machine.qcow2"), (error: unknown) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, "host-lacks");
      assert.match(error.message, /fits the machine's variable store .*\(500 bytes, qcow2\)/);
      return true;
    });
  }));

Deno.test("findFirmware() uses the settings' pair and nothing else", () =>
  withTempDir((root) => {
    make(`${root}/usr/share/OVMF/OVMF_CODE_4M.fd`, 400);
    make(`${root}/usr/share/OVMF/OVMF_VARS_4M.fd`, 500);
    make(`${root}/own/code.fd`, 1);
    make(`${root}/own/vars.fd`, 2);
    const settings = (vars: string) =>
      readSettings({ firmware_code: `${root}/own/code.fd`, firmware_vars: root + vars });
    assert.equal(
      findFirmware(wish(root, { settings: settings("/own/vars.fd") })).vars,
      `${root}/own/vars.fd`,
    );
    assert.throws(
      () => findFirmware(wish(root, { settings: settings("/own/gone.fd") })),
      (error: unknown) =>
        error instanceof CocoonError && error.code === "host-lacks" &&
        /firmware_vars .*\/own\/gone\.fd can't be read/.test(error.message),
    );
  }));

Deno.test("findFirmware() says what to install when there is none", () =>
  withTempDir((root) => {
    assert.throws(
      () => findFirmware(wish(root, { host: fakeHost({ os: "darwin" }) })),
      (error: unknown) =>
        error instanceof CocoonError && error.code === "host-lacks" &&
        error.message === "qemu: no UEFI firmware for x86_64 guests" &&
        error.hint === "brew install qemu",
    );
  }));

Deno.test("flashShape() tells qcow2 from raw and does not reject", () =>
  withTempDir((root) => {
    make(`${root}/a.qcow2`, 540672);
    make(`${root}/short`, 3);
    assert.deepEqual(flashShape(`${root}/a.qcow2`), { format: "qcow2", sizeBytes: 540672 });
    assert.deepEqual(flashShape(`${root}/short`), { format: "raw", sizeBytes: 3 });
    assert.equal(flashShape(`${root}/none`), undefined);
    assert.equal(flashShape(root), undefined);
  }));
