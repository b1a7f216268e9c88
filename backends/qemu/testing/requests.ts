import type { Machine, PlanRequest, Probe } from "../../../plugins/contract.ts";
import { settingsSchema } from "../settings.ts";

/** A machine with one root disk, a seed and one card. For tests only. */
export function machine(parts: Partial<Machine> = {}): Machine {
  return {
    id: "0123456789ab",
    name: "web",
    uuid: "8c7bb3c2-2d3a-4a6e-9a3a-000000000001",
    architecture: "x86_64",
    cpus: 2,
    memoryBytes: 512 * 1024 ** 2,
    boot: { kind: "efi", variableStorePath: "/d/vms/0123456789ab/efi-vars.fd" },
    disks: [
      disk("root", "/d/vms/0123456789ab/root.qcow2", "qcow2"),
      { ...disk("seed", "/d/vms/0123456789ab/seed.iso", "raw"), readOnly: true },
    ],
    nics: [{ index: 0, network: "nat", mac: "52:54:00:12:34:56", forwards: [] }],
    devices: { rng: true, balloon: true },
    ...parts,
  };
}

export function disk(
  role: Machine["disks"][number]["role"],
  path: string,
  format: "raw" | "qcow2",
): Machine["disks"][number] {
  return { role, path, format, serial: role, readOnly: false };
}

/** What Debian's QEMU gives, emulating. */
export const DEBIAN_PROBE: Probe = {
  program: "/usr/bin/qemu-system-x86_64",
  version: [7, 2, 22],
  sandbox: true,
  accelerator: "tcg",
  firmware: {
    code: "/usr/share/OVMF/OVMF_CODE_4M.fd",
    vars: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    codeFormat: "raw",
    varsFormat: "raw",
  },
};

export function request(parts: Partial<PlanRequest> = {}): PlanRequest {
  const parsed = settingsSchema.parse({});
  if ("issues" in parsed) throw new TypeError("The empty table is in order");
  const wanted = parts.machine ?? machine();
  return {
    machine: wanted,
    attachments: wanted.nics.map(() => ({
      kind: "user" as const,
      forwards: [
        { protocol: "tcp" as const, hostAddress: "127.0.0.1", hostPort: 40022, guestPort: 22 },
      ],
    })),
    dirs: { data: "/d/vms/0123456789ab", run: "/d/run/0123456789ab" },
    probe: DEBIAN_PROBE,
    settings: parsed.settings,
    host: { os: "linux", architecture: "x86_64", cpus: 4, memoryBytes: 8 * 1024 ** 3 },
    ...parts,
  };
}
