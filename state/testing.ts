/** Records for tests of what works on the store. */
import type { MachineRecord } from "./machine_record.ts";

/** A machine that is off; `overrides` replace whole members. */
export function exampleRecord(overrides: Partial<MachineRecord> = {}): MachineRecord {
  const id = overrides.id ?? "0123456789ab";
  const name = overrides.name ?? "web";
  return {
    id,
    name,
    state: "created",
    desired: "stopped",
    stale: false,
    spec: {
      name,
      backend: "qemu",
      storage: "copy",
      architecture: "x86_64",
      cpus: 1,
      memoryBytes: 256 * 1024 * 1024,
      dataDisks: [],
      networks: [],
      user: "cocoon",
      restart: "no",
    },
    machine: {
      id,
      name,
      uuid: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
      architecture: "x86_64",
      cpus: 1,
      memoryBytes: 256 * 1024 * 1024,
      boot: { kind: "efi", variableStorePath: "/nowhere/efi-variables.fd" },
      disks: [],
      nics: [],
      devices: { rng: true, balloon: true },
    },
    launch: { backend: {}, networks: [], plugins: [] },
    nicStates: [],
    hostPublicKey: "ssh-ed25519 AAAA",
    restarts: 0,
    createdAt: "2026-01-01T00:00:00.000Z",
    ...overrides,
  };
}
