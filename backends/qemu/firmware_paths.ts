import type { Architecture, HostFacts } from "../../plugins/contract.ts";
import { dirname } from "../../host/path.ts";

/** A firmware's code and the template of its variable store. */
export interface FirmwarePaths {
  code: string;
  vars: string;
}

/**
 * Where distributions put UEFI firmware without Secure Boot: `[directory, code, vars]`, best first.
 * On x86_64 the 4 MiB builds come before the 2 MiB ones: those are the current ones, have room for
 * more variables, and start quicker (4.1 s against 5.8 s with tcg).
 */
const DISTRIBUTIONS: Record<Architecture, [string, string, string][]> = {
  x86_64: [
    // Debian, Ubuntu
    ["/usr/share/OVMF", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"],
    // Fedora
    ["/usr/share/edk2/ovmf", "OVMF_CODE_4M.qcow2", "OVMF_VARS_4M.qcow2"],
    // Arch, now and before 2023
    ["/usr/share/edk2/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"],
    ["/usr/share/edk2-ovmf/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"],
    // openSUSE
    ["/usr/share/qemu", "ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"],
  ],
  aarch64: [
    // Debian, Ubuntu; newer ones name the build without Secure Boot
    ["/usr/share/AAVMF", "AAVMF_CODE.no-secboot.fd", "AAVMF_VARS.fd"],
    ["/usr/share/AAVMF", "AAVMF_CODE.fd", "AAVMF_VARS.fd"],
    // Fedora
    ["/usr/share/edk2/aarch64", "QEMU_EFI-silent-pflash.qcow2", "vars-template-pflash.qcow2"],
    ["/usr/share/edk2/aarch64", "QEMU_EFI-pflash.raw", "vars-template-pflash.raw"],
    // Arch
    ["/usr/share/edk2/aarch64", "QEMU_CODE.fd", "QEMU_VARS.fd"],
    // openSUSE
    ["/usr/share/qemu", "aavmf-aarch64-code.bin", "aavmf-aarch64-vars.bin"],
  ],
};

/** 2 MiB builds, where there is nothing better. */
const SMALL: Record<Architecture, [string, string, string][]> = {
  x86_64: [
    ["/usr/share/OVMF", "OVMF_CODE.fd", "OVMF_VARS.fd"],
    ["/usr/share/edk2/ovmf", "OVMF_CODE.fd", "OVMF_VARS.fd"],
    ["/usr/share/edk2/x64", "OVMF_CODE.fd", "OVMF_VARS.fd"],
    ["/usr/share/edk2-ovmf/x64", "OVMF_CODE.fd", "OVMF_VARS.fd"],
    ["/usr/share/qemu", "ovmf-x86_64-code.bin", "ovmf-x86_64-vars.bin"],
  ],
  aarch64: [],
};

/**
 * The builds that QEMU itself brings along. Their variable templates are named after the 32-bit
 * architectures, whose templates are the same.
 */
const BUNDLED: Record<Architecture, [string, string]> = {
  x86_64: ["edk2-x86_64-code.fd", "edk2-i386-vars.fd"],
  aarch64: ["edk2-aarch64-code.fd", "edk2-arm-vars.fd"],
};

/** Every place where firmware may be, best first; `program` is QEMU's own path. */
export function firmwareCandidates(
  host: HostFacts,
  architecture: Architecture,
  program: string,
): FirmwarePaths[] {
  const [code, vars] = BUNDLED[architecture];
  const prefixes = [dirname(dirname(program))];
  // Homebrew on Apple silicon and on Intel.
  if (host.os === "darwin") prefixes.push("/opt/homebrew", "/usr/local");
  else prefixes.push("/usr", "/usr/local");
  const bundled = [...new Set(prefixes)].map((prefix): [string, string, string] => [
    `${prefix === "/" ? "" : prefix}/share/qemu`,
    code,
    vars,
  ]);
  return [...DISTRIBUTIONS[architecture], ...bundled, ...SMALL[architecture]]
    .map(([directory, code, vars]) => ({
      code: `${directory}/${code}`,
      vars: `${directory}/${vars}`,
    }));
}
