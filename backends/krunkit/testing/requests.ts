import type { Machine, PlanRequest, Probe } from "../../../plugins/contract.ts";
import { krunkitSettings } from "../settings.ts";

/** A Linux machine with a root disk, a seed and one card. For tests only. */
export function machine(parts: Partial<Machine> = {}): Machine {
  return {
    id: "0123456789ab",
    name: "web",
    uuid: "8c7bb3c2-2d3a-4a6e-9a3a-000000000001",
    architecture: "aarch64",
    cpus: 2,
    memoryBytes: 512 * 1024 ** 2,
    boot: { kind: "efi", variableStorePath: "/d/vms/0123456789ab/efi-variables.fd" },
    disks: [
      { role: "root", path: "/d/vms/0123456789ab/root.raw", ...RAW, serial: "root" },
      {
        role: "seed",
        path: "/d/vms/0123456789ab/seed.iso",
        ...RAW,
        serial: "seed",
        readOnly: true,
      },
    ],
    nics: [{ index: 0, network: "lan", mac: "52:54:00:12:34:56", forwards: [] }],
    devices: { rng: true, balloon: false },
    ...parts,
  };
}

/** A disk's plain parts. */
export const RAW = { format: "raw", readOnly: false } as const;

/** What is found on a Mac with today's krunkit. */
export const PROBE: Probe = { program: "/opt/homebrew/bin/krunkit", version: [1, 2, 1] };

export function request(parts: Partial<PlanRequest> = {}): PlanRequest {
  const wanted = parts.machine ?? machine();
  return {
    machine: wanted,
    attachments: wanted.nics.map(() => ({
      kind: "dgram-path" as const,
      path: "/d/run/0123456789ab/lan.sock",
    })),
    dirs: { data: "/d/vms/0123456789ab", run: "/d/run/0123456789ab" },
    probe: PROBE,
    settings: {},
    host: { os: "darwin", architecture: "aarch64", cpus: 8, memoryBytes: 16 * 1024 ** 3 },
    ...parts,
    ...(parts.settings === undefined ? {} : { settings: checked(parts.settings) }),
  };
}

function checked(table: PlanRequest["settings"]): PlanRequest["settings"] {
  const parsed = krunkitSettings.parse(table);
  if ("issues" in parsed) throw new TypeError(JSON.stringify(parsed.issues));
  return parsed.settings;
}
